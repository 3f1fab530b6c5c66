import { type Json, listIn, objectIn, objectOf, textIn } from '../kit/json.ts'
import { type Refusal, refusal } from './sim-errors.ts'

/** In what the two channels differ, as far as requests are checked (PROVIDERS B3, C3). */
export type SimFacts = {
  object: 'page' | 'instagram'
  /** Longest text, and how it is counted. */
  textMax: number
  lengthOf: (text: string) => number
  /** What is answered for a message that is wrong, one outside its window, and a person there is not. */
  badMessage: string
  closed: string
  nobody: string
  /** For a comment that has its answer. */
  answered: string
  /** Messages a second of one account; audio and video have their own count (B5, C4). */
  perSecond: number
  /** Types of attachments, with the largest upload in bytes. */
  attachments: Readonly<Record<string, number>>
}

/** The uploads and templates that a message may name. */
export type SimNames = {
  hasUpload: (id: string, type: string) => boolean
  hasTemplate: (name: string, language: string) => boolean
}

const RECIPIENTS = ['id', 'comment_id', 'post_id', 'user_ref', 'notification_messages_token']
const ACTIONS = ['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact']
const TYPES = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY']

/** What Meta refuses at once about a request to `/messages`, whatever the window; undefined: nothing. */
export function checkRequest(request: Json, facts: SimFacts, names: SimNames): Refusal | undefined {
  const recipient = objectIn(request, 'recipient')
  const named = RECIPIENTS.filter(key => textIn(recipient, key) !== undefined)
  if (named.length !== 1) return bad(facts, 'recipient takes exactly one of its fields')
  const id = textIn(recipient, 'id')
  if (id !== undefined && !/^\d{1,32}$/.test(id)) return refusal(facts.nobody)
  if (request['sender_action'] !== undefined) return checkAction(request, facts)
  const type = request['messaging_type']
  if (type === undefined ? facts.object === 'page' : !TYPES.includes(String(type))) {
    return bad(facts, 'messaging_type is missing, or unknown')
  }
  const isTagged = type === 'MESSAGE_TAG'
  // All but one are dead since 2026-04-27 (B4).
  if (isTagged ? request['tag'] !== 'HUMAN_AGENT' : request['tag'] !== undefined) {
    return refusal(facts.object === 'page' ? '100/2018218' : '100', 'tag')
  }
  if (request['reply_to'] !== undefined && textIn(objectIn(request, 'reply_to'), 'mid') === undefined) {
    return bad(facts, 'reply_to.mid')
  }
  const message = objectIn(request, 'message')
  if (message === undefined) return bad(facts, 'message')
  return checkMessage(message, type, facts, names)
}

function bad(facts: SimFacts, details: string): Refusal {
  return refusal(facts.badMessage, details)
}

function checkAction(request: Json, facts: SimFacts): Refusal | undefined {
  const action = textIn(request, 'sender_action') ?? ''
  if (!ACTIONS.includes(action)) return bad(facts, 'sender_action')
  if (request['message'] !== undefined) return bad(facts, 'sender_action takes no message')
  const payload = objectIn(request, 'payload')
  const isReaction = action === 'react' || action === 'unreact'
  if (isReaction && textIn(payload, 'message_id') === undefined) return bad(facts, 'payload.message_id')
  return action === 'react' && textIn(payload, 'reaction') === undefined
    ? bad(facts, 'payload.reaction')
    : undefined
}

function checkMessage(message: Json, type: unknown, facts: SimFacts, names: SimNames): Refusal | undefined {
  const [text, attachment] = [message['text'], objectIn(message, 'attachment')]
  const template = objectIn(message, 'template')
  if ([text, attachment, template].filter(said => said !== undefined).length !== 1) {
    return bad(facts, 'a message is one of text, attachment and template')
  }
  if (String(message['metadata'] ?? '').length > 1000) return bad(facts, 'metadata is longer than 1000')
  if (template !== undefined || type === 'UTILITY') return checkTemplate(template, type, facts, names)
  return (
    (attachment === undefined ? checkText(text, facts) : checkAttachment(attachment, facts, names)) ??
    checkQuick(message, facts)
  )
}

function checkText(text: unknown, facts: SimFacts): Refusal | undefined {
  if (typeof text !== 'string' || text === '') return bad(facts, 'text')
  return facts.lengthOf(text) > facts.textMax ? bad(facts, `text is longer than ${facts.textMax}`) : undefined
}

function checkTemplate(
  template: Json | undefined,
  type: unknown,
  facts: SimFacts,
  names: SimNames,
): Refusal | undefined {
  const name = textIn(template, 'name')
  const language = textIn(objectIn(template, 'language'), 'code')
  // Utility templates are Messenger's alone (B4).
  if (facts.object !== 'page' || type !== 'UTILITY') return bad(facts, 'template')
  if (name === undefined || language === undefined) return bad(facts, 'template.name, template.language')
  return names.hasTemplate(name, language) ? undefined : bad(facts, 'there is no such template')
}

function checkQuick(message: Json, facts: SimFacts): Refusal | undefined {
  if (message['quick_replies'] === undefined) return undefined
  const replies = listIn(message, 'quick_replies').map(reply => objectOf(reply))
  if (replies.length < 1 || replies.length > 13) return bad(facts, 'quick_replies: 1 to 13')
  const fit = replies.every(
    reply =>
      reply?.['content_type'] === 'text' &&
      within(textIn(reply, 'title'), 20) &&
      within(textIn(reply, 'payload'), 1000),
  )
  return fit ? undefined : bad(facts, 'a quick reply has a title of 20 and a payload of 1000 characters')
}

function within(text: string | undefined, max: number): boolean {
  return text !== undefined && [...text].length <= max
}

function checkAttachment(attachment: Json, facts: SimFacts, names: SimNames): Refusal | undefined {
  const type = textIn(attachment, 'type') ?? ''
  const payload = objectIn(attachment, 'payload')
  if (type === 'template') return checkButtons(payload, facts)
  if (facts.attachments[type] === undefined) return bad(facts, `attachment.type ${type}`)
  const [url, id] = [textIn(payload, 'url'), textIn(payload, 'attachment_id')]
  if ((url === undefined) === (id === undefined))
    return bad(facts, 'payload takes one of url and attachment_id')
  if (url !== undefined && !/^https?:\/\/\S+$/.test(url)) return bad(facts, 'payload.url')
  return id === undefined || names.hasUpload(id, type) ? undefined : bad(facts, 'payload.attachment_id')
}

/** PROVIDERS B3: text of 640, one to three buttons. */
function checkButtons(payload: Json | undefined, facts: SimFacts): Refusal | undefined {
  if (textIn(payload, 'template_type') !== 'button') return bad(facts, 'payload.template_type')
  const buttons = listIn(payload ?? {}, 'buttons').map(button => objectOf(button))
  const fit = buttons.every(
    button =>
      within(textIn(button, 'title'), 20) &&
      (button?.['type'] === 'postback'
        ? within(textIn(button, 'payload'), 1000)
        : button?.['type'] === 'web_url' && textIn(button, 'url') !== undefined),
  )
  const good = within(textIn(payload, 'text'), 640) && buttons.length >= 1 && buttons.length <= 3 && fit
  return good ? undefined : bad(facts, 'a button template has a text of 640 and up to three buttons')
}
