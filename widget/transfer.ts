import { readJson } from './storage.ts'
import { Refusal, type Transfer } from './uploads.ts'

/** `XMLHttpRequest`, since `fetch` does not tell how much of a body has gone. */
export function transferTo(url: string): Transfer {
  return (file, token, onShare, signal) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      const body = new FormData()
      body.append('file', file, file.name)
      request.open('POST', url)
      request.setRequestHeader('authorization', `Bearer ${token}`)
      request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 0 : loaded / total)
      request.onload = () => {
        const answer = (readJson(request.responseText) ?? {}) as { id?: unknown; code?: unknown }
        if (request.status < 300 && typeof answer.id === 'string') resolve(answer.id)
        // Not now is no refusal: the visitor may try it again.
        else if (request.status >= 500) reject(new Error(String(request.status)))
        else reject(new Refusal(request.status === 413 ? 'tooLarge' : String(answer.code ?? 'badFile')))
      }
      request.onerror = () => reject(new Error('unreachable'))
      request.onabort = () => reject(new Error('aborted'))
      signal.addEventListener('abort', () => request.abort())
      request.send(body)
    })
}
