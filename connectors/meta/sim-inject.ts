import type { Json } from '../kit/json.ts'
import { SAMPLES } from './sim-samples.ts'
import type { SimAccount, World } from './sim-world.ts'

/** What a person does: writes, taps, reacts. */
export type InjectedItem = {
  /** PSID or IGSID. */
  from: string
  /** The Page or account; the first one if absent. */
  to?: string
  /** Short for a message with this text. */
  text?: string
  /** What stands in `message` besides, as Meta writes it (PROVIDERS B2, C2). */
  message?: Json
  /** Bytes that are kept, and named in an attachment of this type. */
  media?: { bytes: Buffer; type: string; mimeType: string }
  /** An item of this kind, by its name in `sim-samples.ts`; one about another message is about `of`. */
  sample?: string
  of?: string
  /** Any other item: what stands beside sender, recipient and timestamp. */
  item?: Json
  /** The business wrote it, in the inbox. */
  echo?: boolean
  /** Another app owns the thread. */
  standby?: boolean
  /** Milliseconds; now if absent. */
  at?: number
  id?: string
}

/** @throws Error for an account or a sample that there is not. Returns the message's id. */
export function injectItem(world: World, injected: InjectedItem, origin: string): string {
  const account = accountOf(world, injected.to)
  const id = injected.id ?? world.nextId()
  const at = injected.at ?? world.clock.now()
  const { from, echo = false } = injected
  const said = injected.item ?? sampleOf(injected) ?? { message: messageOf(world, injected, origin) }
  const message = said['message'] === undefined ? {} : { message: { mid: id, ...Object(said['message']) } }
  const [sender, recipient] = echo ? [account.id, from] : [from, account.id]
  const item: Json = {
    sender: { id: sender },
    recipient: { id: recipient },
    timestamp: at,
    ...said,
    ...message,
  }
  if (!echo) world.heard.set(`${account.id} ${from}`, at)
  world.webhooks.emit({ account, list: injected.standby === true ? 'standby' : 'messaging', item })
  return id
}

/** @throws Error for a sample that there is not */
function sampleOf({ sample, of = 'm_of-nothing' }: InjectedItem): Json | undefined {
  if (sample === undefined) return undefined
  const make = SAMPLES.get(sample)
  if (make === undefined) throw new Error(`no sample ${sample}: try ${[...SAMPLES.keys()].join(', ')}`)
  return make(of)
}

function messageOf(world: World, { text, message, media, echo }: InjectedItem, origin: string): Json {
  const url = media && fileUrl(world, media, origin)
  return {
    ...(text !== undefined && { text }),
    ...(media !== undefined && { attachments: [{ type: media.type, payload: { url } }] }),
    ...(echo === true && { is_echo: true, app_id: 263902037430900 }),
    ...message,
  }
}

function fileUrl(
  world: World,
  { bytes, mimeType }: { bytes: Buffer; mimeType: string },
  origin: string,
): string {
  return `${origin}/sim-media/${world.files.put(bytes, mimeType)}`
}

/** A comment under a post, for all to read. */
export type InjectedComment = {
  from: string
  to?: string
  text: string
  name?: string
  post?: string
  parent?: string
  at?: number
}

/** Returns the comment's id: a private reply is addressed to it. */
export function injectComment(world: World, injected: InjectedComment): string {
  const account = accountOf(world, injected.to)
  const { from, text, name = 'Ana', post = '900' } = injected
  const at = injected.at ?? world.clock.now()
  const number = 1_000_000 + world.comments.size
  const isPage = world.facts.object === 'page'
  const id = isPage ? `${post}_${number}` : `178${number}`
  world.comments.set(id, { account: account.id, person: from, at, answered: false })
  const item = isPage
    ? feedComment({ ...injected, from, name, post: `${account.id}_${post}` }, id, at)
    : {
        field: 'comments',
        value: {
          id,
          text,
          from: { id: from, username: name },
          media: { id: post, media_product_type: 'FEED' },
        },
      }
  world.webhooks.emit({ account, list: 'changes', item })
  return id
}

function feedComment(
  { from, name, text, post, parent }: InjectedComment & { post: string },
  id: string,
  at: number,
): Json {
  const value = {
    ...{ item: 'comment', verb: 'add', comment_id: id, post_id: post, parent_id: parent ?? post },
    ...{ from: { id: from, name }, message: text, created_time: Math.floor(at / 1000) },
  }
  return { field: 'feed', value }
}

export function accountOf(world: World, id: string | undefined): SimAccount {
  const account = id === undefined ? world.accounts.values().next().value : world.accounts.get(id)
  if (account === undefined) throw new Error(`no such account: ${id}`)
  return account
}
