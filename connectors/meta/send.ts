import {
  type Buttons,
  type Content,
  isMediaHeader,
  type Template,
  type TemplateValue,
  type TemplateValues,
} from '../../model/content.ts'
import { SendFailure } from '../../model/failure.ts'
import type { HttpAnswer, Io, Outbound, OutboundMedia, Sent } from '../connector.ts'
import { type Json, objectOf, textIn } from '../kit/json.ts'
import { type Account, post } from './account.ts'
import { attachmentOf } from './attachment.ts'
import { languageOf, valuesOf } from './template.ts'
import { labelOf, refusedTag } from './window.ts'

/** One message to Messenger or Instagram (PROVIDERS B3, C3). @throws SendFailure on its side of RULES C5 */
export async function sendTo(account: Account, part: Outbound, io: Io): Promise<Sent> {
  if (part.address.kind !== account.kind) throw new SendFailure({ code: 'recipientInvalid' })
  const { content } = part
  if (content.type === 'reaction') return react(account, part, content.emoji, io)
  const isTemplate = content.type === 'template'
  const isPrivate = part.replyTo !== null && isComment(part.replyTo)
  // A private reply has seven days of its own (B4), and a template no window.
  const label = isTemplate ? UTILITY : isPrivate ? RESPONSE : labelOf(part, io)
  const said = messageOf(content, account, io)
  const body = {
    ...label,
    recipient: isPrivate ? { comment_id: part.replyTo } : { id: part.address.value },
    // Comes back on the echo: a send whose answer was lost is recognised by it (PROVIDERS, rule 5).
    message: { ...(said instanceof Promise ? await said : said), metadata: part.reference },
    ...(part.replyTo !== null && !isPrivate && { reply_to: { mid: part.replyTo } }),
  }
  try {
    return await sentOf(await post(account, body, io))
  } catch (error) {
    throw refusedTag(label, error)
  }
}

const UTILITY = { messaging_type: 'UTILITY' } as const
const RESPONSE = { messaging_type: 'RESPONSE' } as const

/** Comments are numbers, or `POST_COMMENT`; messages begin with `m_` or are base64 (B2, C2). */
function isComment(id: string): boolean {
  return /^\d+(_\d+)*$/.test(id)
}

async function sentOf(answer: HttpAnswer): Promise<Sent> {
  const id = textIn(objectOf(await answer.json()), 'message_id')
  // A 2xx that nobody but a proxy would write: Meta may have taken the message behind it.
  if (id === undefined) {
    throw new SendFailure({ code: 'noAnswer', provider: { code: `HTTP ${answer.status}` } })
  }
  return { providerIds: [id], raw: 'accepted' }
}

/** A request of its own kind, which yields no message and no echo (B3). */
async function react(account: Account, part: Outbound, emoji: string | null, io: Io): Promise<Sent> {
  if (part.reactionTo === null) throw new SendFailure({ code: 'badRequest' })
  const payload = {
    message_id: part.reactionTo,
    ...(emoji !== null && { reaction: reactionOf(account, emoji) }),
  }
  const action = emoji === null ? 'unreact' : 'react'
  const answer = await post(
    account,
    { recipient: { id: part.address.value }, sender_action: action, payload },
    io,
  )
  await answer.text()
  // Meta gives it none: a name of ours, so that it has one like everything that was sent.
  return { providerIds: [`${action}.${part.reference}`], raw: action }
}

/** The heart has a name on Instagram. */
function reactionOf({ kind }: Account, emoji: string): string {
  return kind === 'instagram' && emoji.startsWith('❤') ? 'love' : emoji
}

/** `message` without what is around it. A promise only where media are to be uploaded. */
function messageOf(said: Content<OutboundMedia>, account: Account, io: Io): Json | Promise<Json> {
  switch (said.type) {
    case 'text':
      return { text: said.text }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return attachmentOf(said.type, said.media, account, io).then(attachment => ({ attachment }))
    case 'buttons':
      return said.quick === true ? quickReplies(said) : buttonTemplate(said)
    case 'template':
      return { template: utilityTemplate(said) }
    default:
      throw new SendFailure({ code: 'contentUnsupported' })
  }
}

/** A link cannot be a quick reply: `fit` has put it into the text. */
function quickReplies({ text, buttons }: Buttons<OutboundMedia>): Json {
  const replies = buttons.flatMap(button =>
    'url' in button ? [] : [{ content_type: 'text', title: button.title, payload: button.id }],
  )
  return { text, quick_replies: replies }
}

function buttonTemplate({ text, buttons }: Buttons<OutboundMedia>): Json {
  const shown = buttons.map(button =>
    'url' in button
      ? { type: 'web_url', url: button.url, title: button.title }
      : { type: 'postback', title: button.title, payload: button.id },
  )
  return { attachment: { type: 'template', payload: { template_type: 'button', text, buttons: shown } } }
}

/** A utility template of the Page's (B4): values by position, or by name. */
function utilityTemplate(said: Template<OutboundMedia>): Json {
  const { header, body, buttons } = said.parameters ?? {}
  const components: Json[] = []
  if (header !== undefined) {
    if (isMediaHeader(header) || isPlace(header)) throw new SendFailure({ code: 'templateParameters' })
    components.push({ type: 'header', parameters: valuesOf(header) })
  }
  if (body !== undefined) components.push({ type: 'body', parameters: valuesOf(textsOf(body)) })
  const taps = (buttons ?? []).flatMap(button =>
    'payload' in button ? [{ type: 'POSTBACK', payload: button.payload }] : [],
  )
  if (taps.length > 0) components.push({ type: 'buttons', parameters: taps })
  return {
    name: said.name,
    language: { code: languageOf(said.language) },
    ...(components.length > 0 && { components }),
  }
}

type HeaderSaid = NonNullable<NonNullable<Template<OutboundMedia>['parameters']>['header']>

function isPlace(header: HeaderSaid): header is Extract<HeaderSaid, { location: object }> {
  return typeof header['location' as keyof HeaderSaid] === 'object'
}

/** Messenger formats no amounts and times: what is shown in their place goes. */
function textsOf(values: Readonly<Record<string, TemplateValue>>): TemplateValues {
  const texts = Object.entries(values).map(([name, value]) => {
    if (typeof value === 'string') return [name, value]
    return [name, 'text' in value ? value.text : value.dateTime]
  })
  return Object.fromEntries(texts)
}
