import { describe, expect, test } from 'vitest'
import { segmentsOf } from '../../connectors/kit/segments.ts'
import { type Said, standingState, sumsOf } from '../../model/consent.ts'
import { type StopWord, stopAnswer, stopWordOf } from '../../model/stop-words.ts'

describe('words (RULES F1)', () => {
  test.each([
    ['STOP', 'marketing', null, 'stop', 'en'],
    [' ¡Parar! ', 'marketing', null, 'stop', 'es'],
    ['parar', 'marketing', 'pt-BR', 'stop', 'pt'],
    ['Dar de   BAJA.', 'marketing', 'pt', 'stop', 'es'],
    ['Disiscrivimi', 'marketing', null, 'stop', 'it'],
    ['cancelar inscrição', 'marketing', null, 'stop', 'pt'],
    ['ｓｔｏｐ', 'marketing', 'it', 'stop', 'it'],
    ['STOP 🙏', 'marketing', null, 'stop', 'en'],
    ['começar', 'marketing', null, 'start', 'pt'],
    ['Cancelar', 'all', null, 'stop', 'es'],
    ['AIUTO', 'all', null, 'help', 'it'],
  ] as const)('%j on a channel of %s, from somebody of %s', (text, scope, language, means, answered) => {
    expect(stopWordOf(text, scope, language)).toMatchObject({ means, language: answered })
  })

  test.each([
    ['no quiero parar', 'all'],
    ['stop it', 'all'],
    ['', 'all'],
    ['toString', 'all'],
    ['stop '.repeat(20), 'all'],
    ['cancelar', 'marketing'],
    ['help', 'marketing'],
    ['yes', 'all'],
  ] as const)('%j on a channel of %s is talk', (text, scope) => {
    expect(stopWordOf(text, scope, null)).toBeUndefined()
  })

  test('every answer of SMS is one segment, and every language has each', () => {
    for (const language of ['en', 'es', 'pt', 'it'] as const) {
      for (const means of ['stop', 'start', 'help'] as const) {
        const word: StopWord = { means, language, word: '' }
        const text = stopAnswer(word, 'all', null) ?? ''
        expect([text, segmentsOf(text).parts.length]).toEqual([text, 1])
        expect(stopAnswer(word, 'marketing', null)).not.toBe(text)
        expect(stopAnswer(word, 'all', { [means]: false })).toBeUndefined()
      }
    }
  })
})

describe('what counts (RULES F1)', () => {
  const said = (state: 'granted' | 'withdrawn', at: number, channel = 'c'): Said => ({
    ...{ state, at, channel: channel as '', category: 'marketing', source: 'api', raw: null },
  })
  test.each([
    ['nothing was said', undefined, undefined, undefined],
    ['one channel was closed', said('withdrawn', 1), undefined, 'withdrawn'],
    ['every channel was closed', undefined, said('withdrawn', 1), 'withdrawn'],
    ['closed, then every one opened', said('withdrawn', 1), said('granted', 2), 'withdrawn'],
    ['opened, then every one closed', said('granted', 1), said('withdrawn', 2), 'withdrawn'],
    ['every one closed, then this opened', said('granted', 2), said('withdrawn', 1), 'granted'],
  ] as const)('%s', (_name, own, every, state) => {
    expect(standingState(own, every)).toBe(state)
  })

  test('a contact shows the sum over its addresses and channels', () => {
    expect(sumsOf([[], []])).toEqual({})
    const sum = (...addresses: Said[][]) => sumsOf(addresses).marketing
    expect(sum([said('granted', 1), said('granted', 2, '')])).toBe('granted')
    expect(sum([said('granted', 1), said('withdrawn', 2, '')])).toBe('withdrawn')
    expect(sum([said('granted', 1)], [])).toBe('granted')
    expect(sum([said('granted', 1)], [said('withdrawn', 2)])).toBe('mixed')
  })
})
