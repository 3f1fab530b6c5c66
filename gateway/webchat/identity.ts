import { createHmac } from 'node:crypto'
import { listOf } from '../../connectors/kit/secret.ts'
import type { IdentityClaim } from '../../connectors/webchat/frames.ts'
import type { WebchatConfig } from '../../connectors/webchat/webchat.ts'
import { type Address, isPhone } from '../../model/address.ts'
import type { ChannelId } from '../../model/ids.ts'
import { sameText } from '../auth.ts'

/** Who the website proved its visitor to be. */
export type Proven = { externalId: string; name: string | null; addresses: Address[] }

/**
 * `proven`: signed by the website. `said`: what it only says, kept with the conversation and believed by nobody: an
 * e-mail address that a page names may be anybody's.
 */
export type Identity =
  | { proven?: Proven; said: Record<string, string> }
  | { refused: { code: string; detail: string } }

export type IdentityMode = 'off' | 'optional' | 'required'

export function identityMode({ identity, identitySecret }: WebchatConfig): IdentityMode {
  return identity ?? (identitySecret === undefined ? 'off' : 'optional')
}

/** PROVIDERS H2. `now` in milliseconds. */
export function readIdentity(
  claim: IdentityClaim,
  config: WebchatConfig,
  channel: ChannelId,
  now: number,
): Identity {
  if (identityMode(config) === 'off') return refused('identityOff', 'This chat identifies nobody.')
  const secrets = listOf(config.identitySecret ?? [])
  if ('jwt' in claim) return readJwt(claim.jwt, secrets, channel, now)
  return readHash(claim, secrets, identityMode(config))
}

function refused(code: string, detail: string): Identity {
  return { refused: { code, detail } }
}

const ID_MAX = 200

function readHash(
  { id, hash, ...others }: Extract<IdentityClaim, { id: string }>,
  secrets: readonly string[],
  mode: IdentityMode,
): Identity {
  if (id.length > ID_MAX) return refused('identityMalformed', `The id is longer than ${ID_MAX} characters.`)
  const said = hearsay(others)
  if (hash === undefined) {
    if (mode === 'required') return refused('identityUnsigned', 'The identity must be signed.')
    return { said: { ...said, 'identity.id': id } }
  }
  const isRight = secrets.some(secret =>
    sameText(createHmac('sha256', secret).update(id).digest('hex'), hash.toLowerCase()),
  )
  if (!isRight) return refused('identityWrong', 'The hash is not that of this id and secret.')
  return { proven: { externalId: id, name: null, addresses: [] }, said }
}

function hearsay({ name, email, phone }: Omit<Extract<IdentityClaim, { id: string }>, 'id' | 'hash'>) {
  return {
    ...(name === undefined ? {} : { 'identity.name': name }),
    ...(email === undefined ? {} : { 'identity.email': email }),
    ...(phone === undefined ? {} : { 'identity.phone': phone }),
  }
}

/** How far the website's clock may be off. */
const SKEW_S = 60
/** How long a signed identity may be good for. */
const LIFETIME_S = 24 * 3600

/**
 * A JWT (RFC 7519) signed with HS256 (RFC 7518 §3.2), and with nothing else: what `alg` says is compared, never obeyed.
 * Where it names an audience or an issuer, that is the channel's id.
 */
function readJwt(jwt: string, secrets: readonly string[], channel: ChannelId, now: number): Identity {
  const parts = jwt.split('.')
  const [head = '', body = '', signature = ''] = parts
  const [header, claims] = [decoded(head), decoded(body)]
  if (parts.length !== 3 || header === undefined || claims === undefined) {
    return refused('identityMalformed', 'This is no JWT.')
  }
  if (header['alg'] !== 'HS256') return refused('identityWrong', 'alg must be HS256.')
  if (header['crit'] !== undefined) return refused('identityWrong', 'crit is not understood.')
  const isSigned = secrets.some(secret =>
    sameText(createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url'), signature),
  )
  if (!isSigned) return refused('identityWrong', 'The signature is not that of the secret.')
  const fault = wrongTime(claims, Math.floor(now / 1000)) ?? wrongPlace(claims, channel)
  if (fault !== undefined) return fault
  return provenBy(claims)
}

type Claims = Record<string, unknown>

function decoded(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Claims)
      : undefined
  } catch {
    return undefined
  }
}

function wrongTime({ exp, iat, nbf }: Claims, nowS: number): Identity | undefined {
  if (typeof exp !== 'number') return refused('identityWrong', 'exp is required.')
  if (exp < nowS - SKEW_S) return refused('identityExpired', 'exp is past.')
  if (typeof iat === 'number' && iat > nowS + SKEW_S) return refused('identityWrong', 'iat is in the future.')
  if (typeof nbf === 'number' && nbf > nowS + SKEW_S) return refused('identityWrong', 'nbf is in the future.')
  const from = typeof iat === 'number' ? iat : nowS
  if (exp - from > LIFETIME_S + SKEW_S)
    return refused('identityWrong', 'exp is more than 24 hours after iat.')
  return undefined
}

function wrongPlace({ aud, iss }: Claims, channel: ChannelId): Identity | undefined {
  const audiences = aud === undefined ? [channel] : [aud].flat()
  if (!audiences.includes(channel)) return refused('identityWrong', 'aud is not the id of this channel.')
  if (iss !== undefined && iss !== channel)
    return refused('identityWrong', 'iss is not the id of this channel.')
  return undefined
}

function provenBy({ sub, name, email, phone }: Claims): Identity {
  if (typeof sub !== 'string' || sub === '' || sub.length > ID_MAX) {
    return refused('identityWrong', `sub must be a text of 1 to ${ID_MAX} characters.`)
  }
  const addresses: Address[] = []
  if (email !== undefined) {
    if (typeof email !== 'string' || email.length > 320 || !/^[^\s@]+@[^\s@]+$/.test(email)) {
      return refused('identityWrong', 'email is no e-mail address.')
    }
    addresses.push({ kind: 'email', value: email })
  }
  if (phone !== undefined) {
    if (typeof phone !== 'string' || !isPhone(phone)) {
      return refused('identityWrong', 'phone must be + and 8 to 15 digits.')
    }
    addresses.push({ kind: 'phone', value: phone })
  }
  const named = typeof name === 'string' && name.trim() !== '' ? name.trim().slice(0, ID_MAX) : null
  return { proven: { externalId: sub, name: named, addresses }, said: {} }
}
