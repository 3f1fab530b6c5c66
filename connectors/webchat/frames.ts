/**
 * What a website's chat and the daemon say to each other: JSON text frames on `WS /webchat/:channel`. Both sides take
 * their types from here. A frame of a type that the reader does not know is passed over, so that either side may be the
 * older one. Times are RFC 3339; `cursor` is opaque to the visitor's side.
 *
 * A socket begins with `hello`; until it is answered by `welcome` or `bye` nothing else is said. The daemon listens for
 * news of the visitor before it reads what is stored, so that between the two nothing is missed (the law of resuming).
 */

/** Sent as the WebSocket's subprotocol; another version gets another name. */
export const SUBPROTOCOL = 'omnibus-webchat-1'

/** Who the website says its visitor is (PROVIDERS H2). Only what is signed joins a visitor to a known contact. */
export type IdentityClaim =
  /** HS256, made by the website's server: `sub`, and if wanted `name`, `email`, `phone`. */
  | { jwt: string }
  /** `hash`: hex HMAC-SHA256 of `id`. It proves the id alone; the other fields are hearsay. */
  | { id: string; hash?: string; name?: string; email?: string; phone?: string }

/** Where the visitor is, for the conversation's `context`. */
export type PageVisit = { url: string; title?: string; referrer?: string }

/** What a visitor can say. `file` names an upload of this visitor's. */
export type VisitorContent =
  | { type: 'text'; text: string }
  | { type: 'file'; file: string; caption?: string; voice?: boolean }
  /** The choice of a button or a row of `to`, a message that the visitor was sent. */
  | { type: 'choice'; to: string; payload: string; text: string }

export type VisitorFrame =
  | {
      type: 'hello'
      /** Absent: a new visitor. */
      token?: string
      /** The last `cursor` that this page has dealt with; absent: it has nothing and wants the thread. */
      after?: string
      /** BCP 47, the browser's first language. */
      language?: string
      page?: PageVisit
      identity?: IdentityClaim
    }
  /**
   * `id`: a UUID of the page's making, kept until `accepted` or `refused`; the same id again is the same message.
   * `form`: what the pre-chat form asked, with the first message.
   */
  | { type: 'message'; id: string; content: VisitorContent; form?: Record<string, string> }
  /** Messages that are in the page; `read`: in view of the visitor, in a visible page (PROVIDERS H4). */
  | { type: 'received'; ids: string[] }
  | { type: 'read'; ids: string[] }
  /** At most one in 3 s; it ends by itself after 6 s. */
  | { type: 'typing'; on: boolean }
  | { type: 'identify'; identity: IdentityClaim }
  /** Forgets who this is: the token counts no more, and the page goes on as a new visitor. */
  | { type: 'reset' }
  | { type: 'page'; page: PageVisit }
  /** The page of messages before this one. */
  | { type: 'history'; before: string }
  /** A link to a file that works for some minutes. */
  | { type: 'link'; file: string }
  | { type: 'ping' }

export type ShownFile = {
  id: string
  /** A signed path that works for some minutes, then `link` gives another; null while it is not stored. */
  url: string | null
  state: 'pending' | 'stored' | 'failed'
  mimeType: string | null
  size: number | null
  name: string | null
}

/** What a page shows. Text is text: nothing in it is markup. */
export type ShownContent =
  | { type: 'text'; text: string }
  | {
      type: 'file'
      kind: 'image' | 'audio' | 'video' | 'document' | 'sticker'
      file: ShownFile
      caption?: string
    }
  | {
      type: 'buttons'
      text: string
      header?: { text: string } | { file: ShownFile; kind: 'image' | 'video' | 'document' }
      footer?: string
      buttons: ({ id: string; title: string } | { url: string; title: string })[]
    }
  | {
      type: 'list'
      text: string
      button: string
      header?: string
      footer?: string
      sections: { title?: string; rows: { id: string; title: string; description?: string }[] }[]
    }
  | { type: 'choice'; text: string }
  | { type: 'location'; latitude: number; longitude: number; name?: string; address?: string }
  | { type: 'deleted' }
  /** A kind that the chat does not show. */
  | { type: 'other' }

export type ShownMessage = {
  id: string
  /** The visitor's own id of it, on the visitor's messages. */
  clientId?: string
  from: 'visitor' | 'agent' | 'bot'
  at: string
  content: ShownContent
  /** The message that it answers. */
  replyTo?: string
  /** On what the visitor was sent: whether a page has told `received` or `read` of it. */
  status?: 'sent' | 'received' | 'read'
}

export type Appearance = {
  /** `#rrggbb`. */
  color?: string
  position?: 'right' | 'left'
  /** Pixels from the edges of the window. */
  offset?: { x?: number; y?: number }
  dark?: 'auto' | 'light' | 'dark'
  /** The name on top of the panel, and what a launcher says to a screen reader. */
  title?: string
  subtitle?: string
  /** The first words, before anybody wrote. */
  greeting?: string
  /** Off by default. */
  sound?: boolean
}

export type FormField = {
  name: string
  kind: 'text' | 'email' | 'phone' | 'select' | 'checkbox'
  /** In the website's language, or by language: `{ es: …, en: … }`. */
  label: string | Record<string, string>
  required?: boolean
  options?: string[]
}

/** `GET /webchat/:channel/config`: all that a page needs before the visitor opens the chat. */
export type ChannelPage = {
  channel: string
  theme: Appearance
  /** `auto`: the browser's, among es, pt, it, en. */
  locale: 'auto' | 'es' | 'pt' | 'it' | 'en'
  preChat: FormField[]
  identity: 'off' | 'optional' | 'required'
  files: { bytesMax: number; mimeTypes: string[] }
  textMax: number
}

/** How a socket begins. What comes after it is news, in order, each with its `cursor`. */
export type Resume =
  /** Nothing was missed before these messages; `messages` is what the page does not have yet, in order. */
  | { resume: 'continued' }
  /** The page throws away what it shows, except what it has not sent yet, and shows `messages` instead. */
  | { resume: 'again'; reason: 'new' | 'tooFarBehind' | 'otherVisitor' | 'noCursor' }

/** What `POST /webchat/:channel/files` answers: `file` of a message is its `id`. */
export type Uploaded = { id: string; mimeType: string; size: number; name: string | null }

export type DaemonFrame =
  | ({
      type: 'welcome'
      /** To be kept from here on; absent: the one that was sent is still good. */
      token?: string
      visitor: { id: string; identified: boolean; name: string | null }
      /** Oldest first. */
      messages: ShownMessage[]
      /** Whether there are older ones, for `history`. */
      more: boolean
      cursor: string
      /** Silence longer than twice this is a dead line; the page pings at this pace. */
      heartbeatMs: number
    } & Resume)
  /** The visitor's message is durable. It comes as `message` too, to every page of the visitor. */
  | { type: 'accepted'; id: string; message: string; at: string }
  /** It will never be taken as it is, or (`retryAfterMs`) not now: then the page sends it again by itself. */
  | { type: 'refused'; id: string; code: string; detail: string; retryAfterMs?: number }
  | { type: 'message'; cursor: string; message: ShownMessage }
  /** Something of a message changed: a file was stored, it was edited or deleted, another page has read it. */
  | { type: 'changed'; cursor: string; message: ShownMessage }
  | { type: 'typing'; on: boolean }
  /**
   * After `identify` and `reset`: who the visitor is from here on, and its token. `again`: the thread is another, and
   * the page begins anew with a socket and a `hello`. A claim that is not signed gets no answer.
   */
  | {
      type: 'identified'
      token: string
      visitor: { id: string; identified: boolean; name: string | null }
      again: boolean
    }
  | { type: 'identityRefused'; code: string; detail: string }
  | { type: 'history'; messages: ShownMessage[]; more: boolean }
  | { type: 'link'; file: string; url: string | null }
  /** The operator changed the channel: what `GET /webchat/:channel/config` says now. */
  | { type: 'channel'; page: ChannelPage }
  /** `cursor`: up to here there was nothing for this page; one that is newer spares a replay. */
  | { type: 'pong'; cursor?: string }
  /** The page asked for something in a wrong form; nothing came of it. */
  | { type: 'error'; code: string; detail: string }
  /**
   * The socket is being closed. `again`: the page comes back after `retryAfterMs`; otherwise it stays away and says so.
   */
  | { type: 'bye'; code: string; detail: string; again: boolean; retryAfterMs?: number }
