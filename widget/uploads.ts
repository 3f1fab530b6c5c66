import type { ChannelPage } from '../connectors/webchat/frames.ts'

/**
 * Files on their way to the daemon, one after the other.
 *
 *   waiting ─▶ sending ─ the daemon has it ─▶ gone (it is a message of the outbox now)
 *    ▲  ▲ no line │
 *    │  └─────────┤
 *    └─── retry ─ failed ─ discard ─▶ gone
 *
 * A file cannot be kept over a reload: what is not with the daemon by then has to be chosen again.
 */
export type Upload = {
  id: string
  at: number
  file: File
  state: 'waiting' | 'sending' | 'failed'
  /** 0 … 1 */
  share: number
  code?: string
  /** Whether another try may help. */
  isFinal?: boolean
}

/** Throws `Refusal` if the daemon does not take it, anything else if it could not be asked. */
export type Transfer = (
  file: File,
  token: string,
  onShare: (share: number) => void,
  signal: AbortSignal,
) => Promise<string>

export class Refusal extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

export type Uploads = {
  list(): readonly Upload[]
  add(files: readonly File[]): void
  /** There is a line, and a token. */
  resume(): void
  retry(id: string): void
  remove(id: string): void
  clear(): void
}

export type UploadOptions = {
  limits(): ChannelPage['files']
  /** Undefined while there is no line. */
  token(): string | undefined
  transfer: Transfer
  onDone(file: string): void
  onChange(): void
  now(): number
  uuid(): string
}

export function createUploads(options: UploadOptions): Uploads {
  let uploads: readonly Upload[] = []
  let abort: AbortController | undefined

  const put = (id: string, change: Partial<Upload>): void => {
    uploads = uploads.map(upload => (upload.id === id ? { ...upload, ...change } : upload))
    options.onChange()
  }
  const remove = (id: string): void => {
    if (uploads.find(upload => upload.id === id)?.state === 'sending') abort?.abort()
    uploads = uploads.filter(upload => upload.id !== id)
    options.onChange()
  }
  const resume = (): void => {
    const token = options.token()
    const upload = uploads.find(({ state }) => state === 'waiting')
    if (token === undefined || upload === undefined || uploads.some(({ state }) => state === 'sending'))
      return
    put(upload.id, { state: 'sending', share: 0 })
    void send(upload, token)
  }
  const send = async ({ id, file }: Upload, token: string): Promise<void> => {
    const controller = new AbortController()
    abort = controller
    try {
      const stored = await options.transfer(file, token, share => put(id, { share }), controller.signal)
      if (!controller.signal.aborted) {
        remove(id)
        options.onDone(stored)
      }
    } catch (error) {
      // What broke with the line goes on with it.
      if (error instanceof Refusal) put(id, { state: 'failed', code: error.code })
      else if (options.token() === undefined) put(id, { state: 'waiting', share: 0 })
      else put(id, { state: 'failed', code: 'uploadFailed' })
    }
    resume()
  }

  return {
    list: () => uploads,
    add(files) {
      const more = files.map((file): Upload => {
        const code = whyRefused(file, options.limits())
        const known = { id: options.uuid(), at: options.now(), file, share: 0 }
        return code === undefined
          ? { ...known, state: 'waiting' }
          : { ...known, state: 'failed', code, isFinal: true }
      })
      uploads = [...uploads, ...more]
      options.onChange()
      resume()
    },
    resume,
    retry(id) {
      if (!uploads.some(upload => upload.id === id)) return
      put(id, { state: 'waiting' })
      resume()
    },
    remove,
    clear() {
      abort?.abort()
      uploads = []
    },
  }
}

/** What the page can know by itself; the daemon looks into the file. */
export function whyRefused(
  file: { size: number; type: string },
  limits: ChannelPage['files'],
): 'tooLarge' | 'badType' | undefined {
  if (file.size > limits.bytesMax) return 'tooLarge'
  // A browser that knows no type for the name says nothing, and the daemon decides.
  if (file.type === '' || limits.mimeTypes.length === 0) return undefined
  return limits.mimeTypes.some(pattern => matches(file.type, pattern)) ? undefined : 'badType'
}

/** `image/*` or `image/png`. */
function matches(type: string, pattern: string): boolean {
  if (pattern.endsWith('/*')) return type.startsWith(pattern.slice(0, -1))
  return pattern === type || pattern === '*'
}
