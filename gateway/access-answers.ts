import { Type } from 'typebox'
import { ROLES } from '../model/token.ts'
import { GRANTS } from './roles.ts'
import { id, nullable, open, time, words } from './shapes.ts'

/** What the API answers about tokens and who holds them. */

const token = {
  id: id('tok'),
  workspace: id('wks'),
  name: Type.String(),
  role: words(ROLES),
  createdAt: time,
  expiresAt: nullable(time),
  lastUsedAt: nullable({ ...time, description: 'Coarse: written at most once a minute.' }),
  revokedAt: nullable(time),
  createdBy: nullable({ ...id('tok'), description: 'null: the start of the daemon made it.' }),
}
export const TokenAnswer = open(token, 'A token, without its secret.')
export const TokenMadeAnswer = open(
  {
    ...token,
    token: Type.String({
      pattern: '^omnibus_[A-Za-z0-9_-]{43}$',
      description: 'The secret. Shown only now.',
    }),
  },
  'The token, with its secret.',
)
export const SessionAnswer = open(
  {
    token: id('tok'),
    name: Type.String(),
    role: words(ROLES),
    workspace: id('wks'),
    may: Type.Array(words(Object.keys(GRANTS))),
    expiresAt: nullable(time),
  },
  'Who asks.',
)
