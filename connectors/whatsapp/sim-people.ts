/** One who uses WhatsApp, as the simulated provider knows them. `phone` has no `+`; null: only the id is known. */
export type Person = {
  phone: string | null
  userId: string
  name: string
  hidden: boolean
  /** It is a group: who is in it, by phone. `phone` is the group's id. */
  members?: readonly string[]
}

export type People = {
  /** By phone, with or without `+`, or by user id. */
  of(address: string): Person
  /** Any group id is a group of three. */
  group(id: string): Person
  /** From now on nobody is told this phone (a username user, PROVIDERS A9). */
  hide(phone: string): void
  optOut(address: string): void
  resume(address: string): void
  optedOut(person: Person): boolean
}

/** People whose settings differ from everyone's; the others are computed and not remembered. */
const REMEMBERED_MAX = 1_000_000

const MEMBERS = ['5215500000001', '5215500000002', '5215500000003']

/** Calling codes that the simulator knows; others are given to the US. */
const COUNTRIES: readonly (readonly [string, string])[] = [
  ['52', 'MX'],
  ['54', 'AR'],
  ['55', 'BR'],
  ['56', 'CL'],
  ['57', 'CO'],
  ['51', 'PE'],
  ['34', 'ES'],
  ['49', 'DE'],
  ['44', 'GB'],
]

/** Everybody on earth: each phone has a person with a user id of its own, always the same. */
export function createPeople(): People {
  const hidden = new Map<string, Person>()
  const phones = new Map<string, string>()
  const optedOut = new Set<string>()
  const of = (address: string): Person => {
    const phone = address.startsWith('+') ? address.slice(1) : address
    const userId = USER_ID.test(address) ? address : userIdOf(phone)
    const known = hidden.get(userId)
    if (known !== undefined) return known
    if (userId !== address) return { phone, userId, name: `Person ${phone.slice(-4)}`, hidden: false }
    return { phone: phones.get(userId) ?? null, userId, name: `Person ${userId.slice(-4)}`, hidden: false }
  }
  return {
    of,
    group: id => ({ phone: id, userId: id, name: `Group ${id}`, hidden: false, members: MEMBERS }),
    hide: phone => {
      if (hidden.size < REMEMBERED_MAX) {
        const person = of(phone)
        hidden.set(person.userId, { ...person, hidden: true })
        if (person.phone !== null) phones.set(person.userId, person.phone)
      }
    },
    optOut: address => {
      if (optedOut.size < REMEMBERED_MAX) optedOut.add(of(address).userId)
    },
    resume: address => {
      optedOut.delete(of(address).userId)
    },
    optedOut: person => optedOut.size > 0 && optedOut.has(person.userId),
  }
}

const USER_ID = /^[A-Z]{2}\.[A-Za-z0-9.]+$/

/** `MX.` and 18 digits made of the phone by two rounds of FNV-1a, 32 bits each. */
function userIdOf(phone: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < phone.length; i++) {
    a = Math.imul(a ^ phone.charCodeAt(i), 0x01000193)
    b = Math.imul(b ^ phone.charCodeAt(i), 0x85ebca6b)
  }
  const digits = `${(a >>> 0) % 1e9}`.padStart(9, '1') + `${(b >>> 0) % 1e9}`.padStart(9, '2')
  const country = COUNTRIES.find(([code]) => phone.startsWith(code))?.[1] ?? 'US'
  return `${country}.${digits}`
}
