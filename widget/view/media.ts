import type { ShownContent, ShownFile } from '../../connectors/webchat/frames.ts'
import { element, icon, setAttribute, unseen } from './element.ts'
import { addressOf, type Stage } from './stage.ts'

type Kind = Extract<ShownContent, { type: 'file' }>['kind']

/** A link of the daemon works for five minutes; one that is older than this is asked for anew. */
const FRESH_MS = 4 * 60_000

/** A file: an image, a player, or a link to it. */
export function fileView(file: ShownFile, kind: Kind, stage: Stage): HTMLElement {
  const { say } = stage.words
  const address = addressOf(file, stage.url)
  if (file.state === 'failed') return element('div', { class: 'quiet' }, say('lost'))
  if (address === undefined) return element('div', { class: 'quiet' }, file.name ?? '', ' ', say('preparing'))
  const shape = SHAPES[shapeOf(file, kind)]
  return shape(file, address, stage)
}

type Shape = (file: ShownFile, address: string, stage: Stage) => HTMLElement

const SHAPES: Readonly<Record<'image' | 'audio' | 'video' | 'document', Shape>> = {
  image(file, address, stage) {
    const alt = file.name ?? stage.words.say('image')
    const image = element('img', { src: address, alt, loading: 'lazy', decoding: 'async' })
    renewing(image, file, stage)
    return linked(file, address, stage, 'picture', image)
  },
  audio: (file, address, stage) => player('audio', file, address, stage),
  video: (file, address, stage) => player('video', file, address, stage),
  document(file, address, stage) {
    const size = file.size === null ? '' : stage.words.size(file.size)
    const name = element('span', { class: 'name' }, file.name ?? stage.words.say('file'))
    return linked(
      file,
      address,
      stage,
      'document',
      icon('document'),
      element('span', {}, name, element('span', { class: 'quiet' }, size)),
    )
  },
}

function shapeOf(file: ShownFile, kind: Kind): keyof typeof SHAPES {
  if (kind === 'sticker') return 'image'
  // What the daemon hands out as something to keep is not for showing: an SVG is a document here.
  return kind === 'image' && file.mimeType === 'image/svg+xml' ? 'document' : kind
}

function player(tag: 'audio' | 'video', file: ShownFile, address: string, stage: Stage): HTMLElement {
  const label = file.name ?? stage.words.say('file')
  const made = element(tag, { src: address, controls: true, preload: 'metadata', 'aria-label': label })
  renewing(made, file, stage)
  return made
}

/** The link was too old when it was needed: once, with another. */
function renewing(made: HTMLImageElement | HTMLMediaElement, file: ShownFile, stage: Stage): void {
  const renew = async (): Promise<void> => {
    const url = await stage.client.link(file.id)
    if (url !== null) made.src = new URL(url, stage.url).href
  }
  made.addEventListener('error', () => void renew(), { once: true })
}

/** Opens in another window, with a link that works at that moment. */
function linked(
  file: ShownFile,
  address: string,
  stage: Stage,
  name: string,
  ...children: Node[]
): HTMLElement {
  let freshAt = stage.now()
  const open = async (): Promise<void> => {
    // Opened during the click, since a browser lets no window open later.
    const target = window.open('', '_blank')
    const url = await stage.client.link(file.id)
    if (target === null) return
    if (url === null) target.close()
    else {
      target.opener = null
      target.location.href = new URL(url, stage.url).href
      freshAt = stage.now()
    }
  }
  const link = element(
    'a',
    {
      class: name,
      target: '_blank',
      rel: 'noopener noreferrer',
      on: {
        click(event) {
          if (stage.now() - freshAt < FRESH_MS) return
          event.preventDefault()
          void open()
        },
      },
    },
    ...children,
    unseen(`, ${stage.words.say('newWindow')}`),
  )
  setAttribute(link, 'href', address)
  return link
}
