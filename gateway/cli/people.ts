import type { Person, Simulator } from './simulators.ts'

/** People who write through simulated providers, one line at a time, for ever. Nothing here is random: it is a play. */
export function startPeople(simulators: readonly Simulator[], paceMs: number): { stop(): void } {
  let turn = 0
  const timer = setInterval(() => {
    const simulator = simulators[turn % simulators.length]
    const round = Math.floor(turn / simulators.length)
    const person = PEOPLE[round % PEOPLE.length]
    const line = LINES[Math.floor(round / PEOPLE.length) % LINES.length]
    if (person !== undefined && line !== undefined) simulator?.write(person, line)
    turn += 1
  }, paceMs)
  return { stop: () => clearInterval(timer) }
}

const PEOPLE: readonly Person[] = [
  { name: 'Ana Torres', phone: '+5215512345678' },
  { name: 'Bruno Lima', phone: '+5511987654321' },
  { name: 'Camila Rojas', phone: '+573001234567' },
  { name: 'Diego Paz', phone: '+5491123456789' },
  { name: 'Elena Ruiz', phone: '+34612345678' },
]

const LINES = [
  'Hola, ¿siguen abiertos hoy?',
  'I would like to change the address of my order 4711.',
  'Bom dia! Vocês entregam em Campinas?',
  'Gracias 🙌',
  'When will it arrive?',
  'Necesito la factura del mes pasado, por favor.',
] as const

/** What is answered, in turn; whoever answers knows no more of the play than an agent on a first day. */
export const ANSWERS = [
  '¡Hola! Sí, hasta las 20:00.',
  'Of course. Which address shall we use?',
  'Sim, em dois dias úteis.',
  '¡Con gusto!',
  'It left this morning; you will have it tomorrow.',
  'Te la enviamos en unos minutos.',
] as const
