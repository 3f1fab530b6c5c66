import type { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io } from '../connector.ts'
import { VERSION } from '../meta/meta.ts'
import { refusalOf as readRefusal } from '../meta/refusal.ts'
import { failureOf } from './failure.ts'
import type { WhatsAppConfig } from './whatsapp.ts'

/** The Graph API's address for this channel's number: `…/v26.0/<phone number id>`. */
export function numberUrl(config: WhatsAppConfig): string {
  return `${graphUrl(config)}/${config.phoneNumberId}`
}

export function graphUrl(config: WhatsAppConfig): string {
  return `${config.apiBase ?? 'https://graph.facebook.com'}/${VERSION}`
}

/** Why an answer that is not 2xx refused the request: by WhatsApp's own table of errors. */
export function refusalOf(answer: HttpAnswer, io: Io): Promise<SendFailure> {
  return readRefusal(answer, io, { failureOf, bySubcode: false })
}
