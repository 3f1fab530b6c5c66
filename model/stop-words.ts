import type { StopScope } from './consent.ts'
import { words } from './text.ts'

/** Languages in which the words are known and answered. */
type StopLanguage = 'en' | 'es' | 'pt' | 'it'

export const STOP_MEANINGS = ['stop', 'start', 'help'] as const
type StopMeaning = (typeof STOP_MEANINGS)[number]

/** `only`: the word counts on channels where STOP closes everything, and is talk on the others. */
type Word = { means: StopMeaning; languages: readonly StopLanguage[]; only?: 'all' }

const STOP = (...languages: StopLanguage[]): Word => ({ means: 'stop', languages })
const SMS_STOP = (...languages: StopLanguage[]): Word => ({ means: 'stop', languages, only: 'all' })
const START = (...languages: StopLanguage[]): Word => ({ means: 'start', languages })
const HELP = (...languages: StopLanguage[]): Word => ({ means: 'help', languages, only: 'all' })

/**
 * RULES F1: the words that close and open again, folded (without accents, case and punctuation). In a conversation
 * people say `cancel`, `fin` or `help` about an order, so these count only where carriers give them their meaning: on
 * SMS. YES opens nothing although carriers say so: it is the answer to every other question.
 */
const WORDS: Readonly<Record<string, Word>> = {
  stop: STOP('en', 'es', 'pt', 'it'),
  stopall: STOP('en'),
  'stop all': STOP('en'),
  unsubscribe: STOP('en'),
  optout: STOP('en'),
  'opt out': STOP('en'),
  baja: STOP('es'),
  'dar de baja': STOP('es'),
  'darme de baja': STOP('es'),
  'dame de baja': STOP('es'),
  desuscribir: STOP('es'),
  desuscribirme: STOP('es'),
  parar: STOP('es', 'pt'),
  pare: STOP('es', 'pt'),
  descadastrar: STOP('pt'),
  'cancelar inscricao': STOP('pt'),
  'me descadastre': STOP('pt'),
  ferma: STOP('it'),
  fermare: STOP('it'),
  disiscrivimi: STOP('it'),
  'annulla iscrizione': STOP('it'),
  cancellami: STOP('it'),
  cancel: SMS_STOP('en'),
  end: SMS_STOP('en'),
  quit: SMS_STOP('en'),
  revoke: SMS_STOP('en'),
  cancelar: SMS_STOP('es', 'pt'),
  salir: SMS_STOP('es'),
  alto: SMS_STOP('es'),
  fin: SMS_STOP('es'),
  basta: SMS_STOP('es', 'pt', 'it'),
  sair: SMS_STOP('pt'),
  fim: SMS_STOP('pt'),
  remover: SMS_STOP('pt', 'es'),
  annulla: SMS_STOP('it'),
  esci: SMS_STOP('it'),
  start: START('en', 'es', 'pt', 'it'),
  unstop: START('en'),
  subscribe: START('en'),
  resume: START('en'),
  alta: START('es'),
  'dar de alta': START('es'),
  suscribir: START('es'),
  suscribirme: START('es'),
  reanudar: START('es'),
  iniciar: START('es', 'pt'),
  comecar: START('pt'),
  inscrever: START('pt'),
  retomar: START('pt'),
  inizia: START('it'),
  iscrivimi: START('it'),
  riprendi: START('it'),
  help: HELP('en', 'es', 'pt', 'it'),
  info: HELP('en', 'es', 'pt', 'it'),
  ayuda: HELP('es'),
  ajuda: HELP('pt'),
  aiuto: HELP('it'),
}

/** Characters of the longest word there is, and some punctuation. */
const LENGTH_MAX = 40

export type StopWord = { means: StopMeaning; language: StopLanguage; word: string }

/**
 * What a whole message says, if it is one of the words. Of a word that several languages share it is the language of
 * the person, where that is known, that answers.
 */
export function stopWordOf(text: string, scope: StopScope, language: string | null): StopWord | undefined {
  if (text.length > LENGTH_MAX) return undefined
  const word = words(text).join(' ')
  const found = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  if (found === undefined || (found.only === 'all' && scope !== 'all')) return undefined
  const own = found.languages.find(known => known === language?.slice(0, 2).toLowerCase())
  return { means: found.means, language: own ?? found.languages[0] ?? 'en', word }
}

/** What a channel says to the words: a text, nothing (`false`), or what we say (absent). */
export type StopAnswers = { [M in StopMeaning]?: string | false }

/** What a channel keeps about them. `stops`: what STOP closes; null is marketing. */
export type StopSettings = { stops: StopScope | null; answers: StopAnswers | null }

const OF_MARKETING: { [L in StopLanguage]: { stop: string; start: string; help: string } } = {
  en: {
    stop: 'Done: you will get no more promotional messages from us here. Reply START to get them again.',
    start: 'Welcome back: you will get our promotional messages here again. Reply STOP to end them.',
    help: 'Reply STOP to get no more promotional messages from us here, or START to get them again.',
  },
  es: {
    stop: 'Listo: ya no te enviaremos promociones por aquí. Responde ALTA para volver a recibirlas.',
    start: 'Listo: volverás a recibir nuestras promociones por aquí. Responde BAJA para dejarlas.',
    help: 'Responde BAJA para no recibir más promociones por aquí, o ALTA para volver a recibirlas.',
  },
  pt: {
    stop: 'Pronto: não enviaremos mais promoções por aqui. Responda INICIAR para voltar a recebê-las.',
    start: 'Pronto: você voltará a receber nossas promoções por aqui. Responda PARAR para sair.',
    help: 'Responda PARAR para não receber mais promoções por aqui, ou INICIAR para voltar a recebê-las.',
  },
  it: {
    stop: 'Fatto: non riceverai più messaggi promozionali da noi qui. Rispondi START per riceverli di nuovo.',
    start:
      'Fatto: riceverai di nuovo i nostri messaggi promozionali qui. Rispondi STOP per non riceverli più.',
    help: 'Rispondi STOP per non ricevere più messaggi promozionali qui, o START per riceverli di nuovo.',
  },
}

/** Each is one segment of an SMS: a letter outside of GSM 7-bit, as most with accents are, would make it two. */
const OF_ALL: typeof OF_MARKETING = {
  en: {
    stop: 'You are unsubscribed and will get no more messages from this number. Reply START for more.',
    start: 'You are subscribed again and will get messages from this number. Reply STOP to end them.',
    help: 'Reply STOP to get no more messages from this number, or START to get them again.',
  },
  es: {
    stop: 'Listo: ya no te escribiremos. Responde ALTA para volver a recibir mensajes.',
    start: 'Listo: te escribiremos de nuevo. Responde BAJA para dejar de recibir mensajes.',
    help: 'Responde BAJA para dejar de recibir mensajes, o ALTA para recibirlos de nuevo.',
  },
  pt: {
    stop: 'Tudo certo: paramos de enviar mensagens. Responda INICIAR para receber de novo.',
    start: 'Tudo certo: voltaremos a enviar mensagens. Responda PARAR para sair.',
    help: 'Responda PARAR para sair, ou INICIAR para receber mensagens de novo.',
  },
  it: {
    stop: 'Fatto: non ti scriveremo più. Rispondi START per ricevere di nuovo i messaggi.',
    start: 'Fatto: ti scriveremo di nuovo. Rispondi STOP per non ricevere più messaggi.',
    help: 'Rispondi STOP per non ricevere più messaggi, o START per riceverli di nuovo.',
  },
}

/** What is answered to a word on a channel with these settings; undefined: nothing. */
export function stopAnswer(
  word: StopWord,
  scope: StopScope,
  answers: StopAnswers | null,
): string | undefined {
  const set = answers?.[word.means]
  if (set === false) return undefined
  return set ?? (scope === 'all' ? OF_ALL : OF_MARKETING)[word.language][word.means]
}
