import { clientOf } from './client.ts'
import { inColumns } from './lines.ts'
import { type Call, type ExitCode, needed } from './usage.ts'

type Token = {
  id: string
  name: string
  role: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  revokedAt: string | null
}

/** `omnibus token create`: the token is in this answer and never again. Alone on stdout, so that a script takes it. */
export async function createToken(call: Call): Promise<ExitCode> {
  const expiresAt = call.own['--expires-at']
  const body = {
    name: needed(call, '--name', 'token create', '<name>'),
    role: needed(call, '--role', 'token create', '<role>'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  const made = await clientOf(call).ask<Token & { token: string }>('POST', '/v1/tokens', { body })
  if (call.json) console.log(JSON.stringify(made, null, 2))
  else {
    console.error(`${made.id} (${made.role}) for ${made.name}. It is shown only now:`)
    console.log(made.token)
  }
  return 0
}

/** `omnibus token list`. */
export async function listTokens(call: Call): Promise<ExitCode> {
  const tokens = await Array.fromAsync(clientOf(call).all<Token>('/v1/tokens'))
  if (call.json) console.log(JSON.stringify(tokens, null, 2))
  else {
    const rows = tokens.map(({ id, name, role, lastUsedAt, expiresAt, revokedAt }) => [
      id,
      role,
      name,
      lastUsedAt ?? 'never',
      revokedAt === null ? (expiresAt ?? 'never') : `revoked ${revokedAt}`,
    ])
    console.log(inColumns(['ID', 'ROLE', 'NAME', 'LAST USED', 'ENDS'], rows))
  }
  return 0
}

/** `omnibus token revoke <id>`. */
export async function revokeToken(call: Call): Promise<ExitCode> {
  const [id = ''] = call.words
  await clientOf(call).ask('DELETE', `/v1/tokens/${encodeURIComponent(id)}`)
  console.log(call.json ? JSON.stringify({ id, revoked: true }) : `${id} is revoked.`)
  return 0
}
