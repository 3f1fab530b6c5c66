import type { IdentityClaim } from '../connectors/webchat/frames.ts'
import { type Keeper, readJson } from './storage.ts'

/**
 * Who the visitor is, as far as the page knows, over a reload.
 *
 * A reset is kept as `forget` until the daemon has taken it: on a computer that others use after this visitor, nothing
 * of its conversation is shown again, even if the reset was asked for without a network.
 */
export type Identity = {
  token(): string | undefined
  /** True if it is another one than before. */
  keepToken(token: string | undefined): boolean
  isForgetting(): boolean
  setForgetting(on: boolean): void
  /** What the website said, until the daemon has taken it. */
  claim: IdentityClaim | undefined
  form(): Readonly<Record<string, string>> | undefined
  fill(form: Readonly<Record<string, string>> | undefined): void
}

export function openIdentity(keeper: Keeper): Identity {
  return {
    claim: undefined,
    token: () => keeper.get('token'),
    keepToken(token) {
      if (token === undefined || token === keeper.get('token')) return false
      keeper.set('token', token)
      return true
    },
    isForgetting: () => keeper.get('forget') !== undefined,
    setForgetting: on => keeper.set('forget', on ? '1' : undefined),
    form() {
      const form = readJson(keeper.get('form'))
      return typeof form === 'object' && form !== null ? (form as Record<string, string>) : undefined
    },
    fill: form => keeper.set('form', form === undefined ? undefined : JSON.stringify(form)),
  }
}
