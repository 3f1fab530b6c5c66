import type { ShownMessage } from '../../connectors/webchat/frames.ts'
import { contentView } from './content.ts'
import { element, icon, unseen } from './element.ts'
import type { Item } from './items.ts'
import { reasonOf, type Stage } from './stage.ts'

/** A row of the log. */
export function rowView(item: Item, stage: Stage): HTMLElement {
  if (item.kind === 'day') return dayView(item.at, stage)
  return item.kind === 'upload' ? uploadView(item, stage) : messageView(item, stage)
}

/** What changes in a row that stays: how far an upload is. */
export function updateRow(row: HTMLElement, item: Item, stage: Stage): void {
  if (item.kind !== 'upload' || item.upload.state !== 'sending') return
  const percent = Math.round(item.upload.share * 100)
  const progress = row.querySelector('progress')
  if (progress === null) return
  progress.value = percent
  progress.setAttribute('aria-label', stage.words.say('uploading', { n: percent }))
}

function dayView(at: string, { words, now }: Stage): HTMLElement {
  return element('div', { class: 'day' }, element('span', {}, words.day(at, now())))
}

function messageView(item: Extract<Item, { kind: 'message' }>, stage: Stage): HTMLElement {
  const { message, isDone, isLast, state } = item
  const names = ['row', message.from === 'visitor' ? 'mine' : 'theirs', isLast && 'last', state]
  const who = message.from === 'visitor' ? 'you' : message.from
  return element(
    'div',
    { class: names.filter(Boolean).join(' '), 'data-id': message.id },
    unseen(`${stage.words.say(who)}: `),
    element('div', { class: 'bubble' }, ...contentView({ message, isDone, stage })),
    footView(item, stage),
  )
}

function footView(item: Extract<Item, { kind: 'message' }>, stage: Stage): HTMLElement | undefined {
  const { message, isLast, state, code } = item
  const { say, time } = stage.words
  if (state === 'failed') {
    return element(
      'div',
      { class: 'foot bad' },
      `${say('failed')}. ${reasonOf(code, stage, 'refused')}. `,
      ...again(message.clientId ?? message.id, stage, true),
    )
  }
  if (state === 'waiting') return element('div', { class: 'foot' }, icon('clock'), unseen(say('sending')))
  if (!isLast || message.at === '') return undefined
  return element(
    'div',
    { class: 'foot' },
    element('time', { datetime: message.at }, time(message.at)),
    mark(message, say('sent')),
  )
}

function mark({ from }: ShownMessage, sent: string): HTMLElement | undefined {
  return from === 'visitor' ? element('span', { class: 'mark' }, icon('check'), unseen(sent)) : undefined
}

function again(id: string, { client, words }: Stage, canRetry: boolean): (HTMLElement | undefined)[] {
  const button = (text: string, click: () => void): HTMLElement =>
    element('button', { class: 'word', type: 'button', on: { click } }, text)
  return [
    canRetry ? button(words.say('retry'), () => client.retry(id)) : undefined,
    button(words.say('discard'), () => client.discard(id)),
  ]
}

function uploadView({ upload }: Extract<Item, { kind: 'upload' }>, stage: Stage): HTMLElement {
  const { id, file, state, code, share, isFinal } = upload
  const { say, size } = stage.words
  const percent = Math.round(share * 100)
  const progress = element('progress', {
    max: 100,
    value: percent,
    'aria-label': say('uploading', { n: percent }),
  })
  const foot =
    state === 'failed'
      ? element(
          'div',
          { class: 'foot bad' },
          `${reasonOf(code, stage, 'badFile')}. `,
          ...again(id, stage, isFinal !== true),
        )
      : element(
          'div',
          { class: 'foot' },
          element(
            'button',
            { class: 'word', type: 'button', on: { click: () => stage.client.discard(id) } },
            say('cancel'),
          ),
        )
  return element(
    'div',
    { class: `row mine last ${state}` },
    element(
      'div',
      { class: 'bubble' },
      element(
        'div',
        { class: 'document' },
        icon('document'),
        element(
          'span',
          {},
          element('span', { class: 'name' }, file.name),
          element('span', { class: 'quiet' }, size(file.size)),
        ),
      ),
      state !== 'failed' && progress,
    ),
    foot,
  )
}
