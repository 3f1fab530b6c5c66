import type { Health } from '../../model/channel.ts'
import { SendFailure } from '../../model/failure.ts'
import type { Io } from '../connector.ts'
import { numberIn, objectIn, textIn } from '../kit/json.ts'
import { listOf } from '../kit/secret.ts'
import { ask } from './account.ts'

/** What `prove` found out; or, if it was refused, what that says about the credentials. */
export async function healthBy(io: Io, prove: () => Promise<Omit<Health, 'at'>>): Promise<Health> {
  try {
    return { ...(await prove()), at: io.now() }
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error
    const { code, provider } = error.failure
    const why = [code, provider?.code, provider?.title].filter(word => word !== undefined).join(': ')
    // Not reached is not refused: what was known about the credentials stays unknown.
    const state = code === 'unreachable' || code === 'noAnswer' ? 'unknown' : 'failing'
    return { state, why, at: io.now() }
  }
}

const DAY_MS = 86_400_000
/** How long before its end a token's end is told. */
const WARN_MS = 14 * DAY_MS

/** The health of an account whose token ends at `at` (milliseconds; 0 is never): told while there is time to act. */
export function healthUntil(at: number, now: number): Omit<Health, 'at'> {
  if (at === 0 || at > now + WARN_MS) return { state: 'ok' }
  const date = new Date(at).toISOString().slice(0, 10)
  if (at <= now) return { state: 'failing', why: `the access token ended on ${date}` }
  return { state: 'ok', why: `the access token ends on ${date}` }
}

/**
 * The health that the Graph API knows of a token; the app vouches for the question (`<app id>|<app secret>`). Without
 * an app it cannot be asked, and the token has just been used.
 * @param base `…/v26.0`
 */
export async function tokenHealth(
  base: string,
  { accessToken, appId, appSecret }: { accessToken: string; appId?: string; appSecret: string | string[] },
  io: Io,
): Promise<Omit<Health, 'at'>> {
  if (appId === undefined) return { state: 'ok' }
  const url = `${base}/debug_token?input_token=${encodeURIComponent(accessToken)}`
  const data = objectIn(await ask(url, `${appId}|${listOf(appSecret)[0] ?? ''}`, io), 'data')
  if (data?.['is_valid'] === false) {
    return {
      state: 'failing',
      why: textIn(objectIn(data, 'error'), 'message') ?? 'the access token is not valid',
    }
  }
  // The permissions may end before the token does. 0 and absent are never.
  const ends = ['expires_at', 'data_access_expires_at']
    .map(key => numberIn(data, key) ?? 0)
    .filter(at => at > 0)
  return healthUntil(ends.length === 0 ? 0 : Math.min(...ends) * 1000, io.now())
}
