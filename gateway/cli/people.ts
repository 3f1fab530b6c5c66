import type { Person, Simulator } from '../../connectors/kit/sim/simulation.ts'
import type { Mix } from './traffic.ts'

/** People who write through simulated providers, one thing at a time, for ever. Nothing is random: it is a play. */
export function startPeople(simulators: readonly Simulator[], paceMs: number, mix: Mix): { stop(): void } {
  let turn = 0
  const timer = setInterval(() => {
    const simulator = simulators[turn % simulators.length]
    const round = Math.floor(turn / simulators.length)
    const one = PEOPLE[round % PEOPLE.length]
    if (simulator !== undefined && one !== undefined) act(simulator, one, mix, round)
    turn += 1
  }, paceMs)
  return { stop: () => clearInterval(timer) }
}

type Someone = Person & { language: keyof typeof PLAY }

function act(simulator: Simulator, one: Someone, mix: Mix, round: number): void {
  const { kinds } = simulator
  const wanted = mix[round % mix.length]
  const kind = wanted === 'any' ? kinds[Math.floor(round / mix.length) % kinds.length] : wanted
  if (kind !== undefined && kinds.includes(kind)) {
    simulator.play(one, kind)
    return
  }
  const lines = Object.keys(PLAY[one.language])
  const line = lines[Math.floor(round / PEOPLE.length) % lines.length]
  if (line !== undefined) simulator.write(one, line)
}

/** What is answered to a line of the play; to anything else, that somebody is there. */
export function answerTo(text: string): string {
  const answers: Record<string, string> = Object.assign({}, ...Object.values(PLAY))
  return Object.hasOwn(answers, text)
    ? (answers[text] ?? '')
    : 'Hi! This is a demo, but your message is real.'
}

/** By language: what people write, and what they are answered. */
const PLAY = {
  es: {
    'Hola, ¿siguen abiertos hoy?': '¡Hola! Sí, hasta las 20:00.',
    'Necesito la factura del mes pasado, por favor.': 'Te la enviamos en unos minutos.',
    'Gracias 🙌': '¡Con gusto!',
  },
  pt: {
    'Bom dia! Vocês entregam em Campinas?': 'Sim, em dois dias úteis.',
    'Perfeito, quero duas.': 'Combinado! Já separamos para você.',
  },
  en: {
    'I would like to change the address of my order 4711.': 'Of course. Which address shall we use?',
    'When will it arrive?': 'It left this morning; you will have it tomorrow.',
  },
} as const satisfies Record<string, Record<string, string>>

const PEOPLE: readonly Someone[] = [
  { name: 'Ana Torres', phone: '+5215512345678', language: 'es' },
  { name: 'Bruno Lima', phone: '+5511987654321', language: 'pt' },
  { name: 'Camila Rojas', phone: '+573001234567', language: 'es' },
  { name: 'Grace Hill', phone: '+14155550142', language: 'en' },
  { name: 'Elena Ruiz', phone: '+34612345678', language: 'es' },
]
