import type { Action, Io } from '../connector.ts'
import { numberUrl, refusalOf } from './graph.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/**
 * Shows the person that their message was read, or that an answer is being written, which marks it as read too and
 * lasts 25 s or until the answer (PROVIDERS A6). Nothing takes the typing back. @throws SendFailure
 */
export async function act(action: Action, config: WhatsAppConfig, io: Io): Promise<void> {
  if (action.kind === 'answer' || action.providerId === null) return
  if (action.kind === 'typing' && !action.on) return
  const answer = await io.http({
    method: 'POST',
    url: `${numberUrl(config)}/messages`,
    headers: { authorization: `Bearer ${config.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: action.providerId,
      ...(action.kind === 'typing' && { typing_indicator: { type: 'text' } }),
    }),
    signal: io.signal,
  })
  if (answer.status !== 200) throw await refusalOf(answer, io)
  await answer.text()
}
