import { ROLES, type Role } from '../model/token.ts'

const ALL = ROLES
const LEADS = ['operator', 'owner', 'manager'] as const

/**
 * Who may what: the one table. Each route under `/v1` names the grant that it asks for (`config: { may }`), which
 * `/openapi.json` shows as `x-roles`. A role sees its own workspace only; an operator any that exists.
 */
export const GRANTS = {
  /** Channels, conversations, contacts, messages, files, events; the own workspace and token. */
  read: ALL,
  /** Send and cancel messages, close conversations, upload files; make, change and tag contacts. */
  work: ALL,
  /** Delete and erase contacts; make, change and delete tags, fields and segments. */
  people: [...LEADS, 'backend'],
  /** See the configuration of channels, secrets hidden. */
  config: [...LEADS, 'backend'],
  /** Import and export contacts by the thousand. */
  bulk: [...LEADS, 'backend'],
  /** Make, change, check and delete channels. */
  connect: LEADS,
  /** Make, see and revoke tokens. */
  access: ['operator', 'owner'],
  /** Make, rename and list workspaces. */
  operate: ['operator'],
} as const satisfies Record<string, readonly Role[]>
export type Grant = keyof typeof GRANTS

export function may(role: Role, grant: Grant): boolean {
  return (GRANTS[grant] as readonly Role[]).includes(role)
}

export function grantsOf(role: Role): Grant[] {
  return (Object.keys(GRANTS) as Grant[]).filter(grant => may(role, grant))
}

/** The roles of tokens that a role may make, see and revoke: none above its own. */
export function rolesUpTo(role: Role): Role[] {
  return ROLES.slice(ROLES.indexOf(role))
}

/** How messages and closings of a role are told apart: a person's answer goes before a program's (RULES C9, C11). */
export function voiceOf(role: Role): { kind: 'agent' | 'api'; lane: 'reply' | 'normal' } {
  return role === 'agent' ? { kind: 'agent', lane: 'reply' } : { kind: 'api', lane: 'normal' }
}
