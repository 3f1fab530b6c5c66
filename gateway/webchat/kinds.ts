/**
 * What a file is, by its first bytes. What it says of itself (its name, the declared type) only chooses among kinds
 * that begin alike. A table, not a library: the kinds that we take are few, and everything else is refused.
 */
export function kindOf(head: Uint8Array, told: { name: string; mimeType: string }): Kind | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const extension = extensionOf(told.name)
  const likely = KINDS.filter(kind => kind.begins(bytes))
  const named = likely.find(kind => kind.extensions.includes(extension))
  const declared = likely.find(kind => kind.mimeType === told.mimeType.split(';')[0]?.trim().toLowerCase())
  return named ?? declared ?? likely.find(kind => kind.needsName !== true)
}

export type Kind = {
  mimeType: string
  /** The first is put behind a name that has none of them. */
  extensions: readonly string[]
  begins: (head: Buffer) => boolean
  /** Too many things begin like this: it is taken only under its own name. */
  needsName?: true
}

/** How much of a file is looked at. */
export const HEAD_BYTES = 4_096

const latin = (head: Buffer, from: number, to: number): string => head.toString('latin1', from, to)
const starts =
  (...texts: string[]) =>
  (head: Buffer): boolean =>
    texts.some(text => latin(head, 0, text.length) === text)
const riff = (kind: string) => (head: Buffer) => latin(head, 0, 4) === 'RIFF' && latin(head, 8, 12) === kind
/** ISO 14496-12 §4.3: a `ftyp` box names its brand. */
const brand = (pattern: RegExp) => (head: Buffer) =>
  latin(head, 4, 8) === 'ftyp' && pattern.test(latin(head, 8, 12))
const zip = starts('PK\x03\x04')
const ole = starts('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')
const webm = (head: Buffer): boolean =>
  starts('\x1a\x45\xdf\xa3')(head) && latin(head, 0, 64).includes('webm')

const OFFICE = 'application/vnd.openxmlformats-officedocument'
const OPEN = 'application/vnd.oasis.opendocument'
const office = (mimeType: string, extension: string, begins: Kind['begins']): Kind => ({
  ...{ mimeType, extensions: [extension], begins },
  needsName: true,
})

/** In the order in which they are tried. SVG and HTML are text that begins with `<`, which none of these does. */
const KINDS: readonly Kind[] = [
  { mimeType: 'image/jpeg', extensions: ['jpg', 'jpeg'], begins: starts('\xff\xd8\xff') },
  { mimeType: 'image/png', extensions: ['png'], begins: starts('\x89PNG\r\n\x1a\n') },
  { mimeType: 'image/gif', extensions: ['gif'], begins: starts('GIF87a', 'GIF89a') },
  { mimeType: 'image/webp', extensions: ['webp'], begins: riff('WEBP') },
  { mimeType: 'image/avif', extensions: ['avif'], begins: brand(/^avi[fs]$/) },
  { mimeType: 'image/heic', extensions: ['heic', 'heif'], begins: brand(/^(hei[cxms]|mif1|msf1)$/) },
  { mimeType: 'audio/mp4', extensions: ['m4a'], begins: brand(/^M4[AB] $/) },
  { mimeType: 'video/quicktime', extensions: ['mov'], begins: brand(/^qt {2}$/) },
  { mimeType: 'video/3gpp', extensions: ['3gp'], begins: brand(/^3g[gp]/) },
  {
    mimeType: 'video/mp4',
    extensions: ['mp4', 'm4v'],
    begins: brand(/^(iso[m2-6]|mp4[12]|avc1|dash|M4V )$/),
  },
  { mimeType: 'video/webm', extensions: ['webm'], begins: webm },
  { mimeType: 'audio/webm', extensions: ['weba'], begins: webm },
  { mimeType: 'audio/ogg', extensions: ['ogg', 'oga', 'opus'], begins: starts('OggS') },
  { mimeType: 'audio/wav', extensions: ['wav'], begins: riff('WAVE') },
  { mimeType: 'audio/flac', extensions: ['flac'], begins: starts('fLaC') },
  { mimeType: 'audio/amr', extensions: ['amr'], begins: starts('#!AMR') },
  { mimeType: 'audio/aac', extensions: ['aac'], begins: starts('\xff\xf1', '\xff\xf9') },
  {
    mimeType: 'audio/mpeg',
    extensions: ['mp3'],
    begins: starts('ID3', '\xff\xfb', '\xff\xfa', '\xff\xf3', '\xff\xf2'),
  },
  { mimeType: 'application/pdf', extensions: ['pdf'], begins: starts('%PDF-') },
  { mimeType: 'application/rtf', extensions: ['rtf'], begins: starts('{\\rtf') },
  office(`${OFFICE}.wordprocessingml.document`, 'docx', zip),
  office(`${OFFICE}.spreadsheetml.sheet`, 'xlsx', zip),
  office(`${OFFICE}.presentationml.presentation`, 'pptx', zip),
  office(`${OPEN}.text`, 'odt', zip),
  office(`${OPEN}.spreadsheet`, 'ods', zip),
  office(`${OPEN}.presentation`, 'odp', zip),
  { mimeType: 'application/zip', extensions: ['zip'], begins: zip },
  // An installer of Windows begins the same way.
  office('application/msword', 'doc', ole),
  office('application/vnd.ms-excel', 'xls', ole),
  office('application/vnd.ms-powerpoint', 'ppt', ole),
  office('text/csv', 'csv', isText),
  { mimeType: 'text/plain', extensions: ['txt', 'md', 'log'], begins: isText },
]

export const MIME_TYPES: readonly string[] = KINDS.map(kind => kind.mimeType)

/** No control characters, and no markup at its start (which a byte-order mark may precede). */
function isText(head: Buffer): boolean {
  if (head.some(byte => byte === 0x7f || (byte < 0x20 && !CONTROLS_IN_TEXT.has(byte)))) return false
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '')
  return text !== '' && !/^\s*</.test(text)
}

/** Tab, line feed, form feed, carriage return, and the escape of older encodings. */
const CONTROLS_IN_TEXT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])

const NAME_MAX = 120

/**
 * A name that is harmless wherever it is saved: no path, no control and direction characters, and with an extension of
 * what the file is, so that nothing opens it as something else.
 */
export function cleanName(name: string, { extensions }: Kind): string | null {
  const plain = name.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
  const last = (plain.split(/[/\\]/).at(-1) ?? '').replace(/[<>:"|?*]/g, '_').replace(/^[.\s]+|[.\s]+$/g, '')
  if (last === '') return null
  const isRight = extensions.includes(extensionOf(last))
  const suffix = isRight ? `.${extensionOf(last)}` : `.${extensions[0]}`
  const stem = isRight ? last.slice(0, -suffix.length) : last
  return `${stem.slice(0, NAME_MAX - suffix.length)}${suffix}`
}

function extensionOf(name: string): string {
  return /\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''
}
