/**
 * Whether a page of this origin may show the chat. What an origin is: https://www.rfc-editor.org/rfc/rfc6454. A browser
 * sends it with every WebSocket and every POST and no page can forge it; other programs can, so it is no proof of who
 * they are, and nothing rests on it but which websites may embed us.
 */
export function isAllowed(origin: string | undefined, allowed: readonly string[], own: string): boolean {
  if (origin === undefined) return false
  const told = partsOf(origin)
  if (told === undefined) return false
  return [...allowed, ...namesOf(own)].some(pattern => matches(told, pattern))
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** A machine calls itself by several names, and whoever tries the demo page types one of them. */
function namesOf(own: string): string[] {
  const { protocol, hostname, port } = new URL(own)
  if (!LOOPBACK.includes(hostname)) return [own]
  return LOOPBACK.map(name => `${protocol}//${name}${port === '' ? '' : `:${port}`}`)
}

type Parts = { scheme: string; host: string; port: string }

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** `scheme://host`, with a port if it is not the scheme's own; undefined for `null` and what is no origin. */
function partsOf(origin: string): Parts | undefined {
  const [, scheme = '', host = '', port] =
    /^(https?):\/\/(\[[0-9a-f:.]+\]|[^/:?#@\s]+)(?::(\d+|\*))?$/i.exec(origin) ?? []
  if (scheme === '') return undefined
  const name = scheme.toLowerCase()
  return { scheme: name, host: host.toLowerCase(), port: port ?? DEFAULT_PORTS[name] ?? '' }
}

/** `*.` stands for one or more names in front, and not for none; `:*` for any port. */
function matches(told: Parts, pattern: string): boolean {
  const wanted = partsOf(pattern)
  if (wanted === undefined || wanted.scheme !== told.scheme) return false
  if (wanted.port !== '*' && wanted.port !== told.port) return false
  if (!wanted.host.startsWith('*.')) return wanted.host === told.host
  const rest = wanted.host.slice(1)
  return told.host.endsWith(rest) && told.host.length > rest.length
}
