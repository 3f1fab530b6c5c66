import type { Change, Receipt, Received } from '../model/change.ts'
import type { ChannelId } from '../model/ids.ts'
import type { Inbound } from './connector.ts'

/** What an item that a provider told changes, once it is known whose channel it is about. */
export function changeOf(
  item: Exclude<Inbound, { kind: 'ignored' } | { kind: 'rejected' }>,
  channel: ChannelId,
): Change {
  if (item.kind === 'receipt') {
    const { of, status, at, raw, failure, member, detail } = item
    const receipt: Receipt = { kind: 'receipt', channel, of, status, at, raw }
    if (failure !== undefined) receipt.failure = failure
    if (member !== undefined) receipt.member = member
    if (detail !== undefined) receipt.detail = detail
    return receipt
  }
  if (item.kind === 'edited' || item.kind === 'deleted') {
    const { to: _, ...told } = item
    return { ...told, channel }
  }
  if (!('content' in item)) return accountChangeOf(item, channel)
  const received: Received = {
    kind: 'received',
    channel,
    key: item.key,
    providerId: item.providerId,
    at: item.at,
    echo: item.kind === 'echo',
    address: item.address,
    also: item.also ?? [],
    content: item.content,
  }
  if (item.name !== undefined) received.name = item.name
  if (item.thread !== undefined) received.thread = item.thread
  if (item.replyTo !== undefined) received.replyTo = item.replyTo
  if (item.reactionTo !== undefined) received.reactionTo = item.reactionTo
  if (item.context !== undefined) received.context = item.context
  if (item.former !== undefined) received.former = item.former
  if (item.besides !== undefined) received.besides = item.besides
  return received
}

/** What is told besides messages. */
function accountChangeOf(
  item: Extract<Inbound, { kind: 'channel' | 'limits' | 'template' | 'consent' }>,
  channel: ChannelId,
): Change {
  switch (item.kind) {
    case 'channel':
      return { kind: 'channelHealth', channel, health: item.health }
    case 'limits':
      return { kind: 'channelLimits', channel, live: item.live, at: item.at, raw: item.raw }
    case 'template':
      return { kind: 'templateTold', channel, template: item.template, at: item.at }
    case 'consent': {
      const { address, category, state, raw, at } = item
      return { kind: 'consented', channel, address, category, state, source: 'provider', raw, at }
    }
  }
}
