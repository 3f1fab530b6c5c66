/** Where a contact is reached on a provider. The value keeps the provider's own form; replies go to exactly it. */
export type Address = { kind: AddressKind; value: string }

export const ADDRESS_KINDS = [
  'phone',
  'whatsapp',
  'messenger',
  'instagram',
  'telegram',
  'email',
  'webchat',
  'group',
] as const
export type AddressKind = (typeof ADDRESS_KINDS)[number]

/** RULES B6: `+` and 8–15 digits, nothing more. What a numbering plan thinks of it is a hint for imports only. */
const PHONE = /^\+[0-9]{8,15}$/

export function isPhone(text: string): boolean {
  return PHONE.test(text)
}

/**
 * A phone as people and providers write it (`+52 1 55 …`, `5215512345678`) in our form, or undefined.
 * Digits are never added, dropped or reordered (RULES B6).
 */
export function phoneOf(text: string): string | undefined {
  const digits = text.replace(/[\s().-]/g, '')
  const phone = digits.startsWith('+') ? digits : `+${digits}`
  return PHONE.test(phone) ? phone : undefined
}

type Variant = { prefix: string; digits: number; other: (rest: string) => string | undefined }

/**
 * Numbers that are written in two ways although they are one line (RULES B6). Keys for looking a person up;
 * a number is never rewritten with them.
 */
const VARIANTS: readonly Variant[] = [
  { prefix: '+521', digits: 10, other: rest => `+52${rest}` },
  { prefix: '+52', digits: 10, other: rest => `+521${rest}` },
  { prefix: '+549', digits: 10, other: rest => `+54${rest}` },
  { prefix: '+54', digits: 10, other: rest => `+549${rest}` },
  // Brazil: area code of two digits, then the ninth digit that mobile numbers gained.
  {
    prefix: '+55',
    digits: 11,
    other: rest => (rest[2] === '9' ? `+55${rest.slice(0, 2)}${rest.slice(3)}` : undefined),
  },
  { prefix: '+55', digits: 10, other: rest => `+55${rest.slice(0, 2)}9${rest.slice(2)}` },
]

/** The other ways in which this phone may be on record, without itself. */
export function phoneVariants(phone: string): string[] {
  return VARIANTS.flatMap(({ prefix, digits, other }) => {
    const rest = phone.slice(prefix.length)
    const variant = phone.startsWith(prefix) && rest.length === digits ? other(rest) : undefined
    return variant === undefined ? [] : [variant]
  })
}

/**
 * A website's visitor whom the website vouches for, on whatever device: its own name for that person. A visitor's id
 * never begins like this.
 */
export function userAddress(externalId: string): Address {
  return { kind: 'webchat', value: `${USER}${externalId}` }
}

/** Whether an address is one that a website vouched for. */
export function isUser({ kind, value }: Address): boolean {
  return kind === 'webchat' && value.startsWith(USER)
}

const USER = 'user:'
