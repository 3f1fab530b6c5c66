import type { Buttons, ContactCard, Contacts, List, Location } from '../model/content.ts'

/** Text for channels that carry no buttons: the choices numbered, so that the answer can be the number. */
export function plainButtons(
  content: Omit<Buttons<unknown>, 'header'> & { header?: { text: string } },
): string {
  const choices = content.buttons.map((button, index) => {
    const title = `${index + 1}. ${button.title}`
    return 'url' in button ? `${title}: ${button.url}` : title
  })
  return paragraphs([content.header?.text, content.text, choices.join('\n'), content.footer])
}

/** Text for channels that carry no lists: rows numbered through all sections. */
export function plainList(content: List): string {
  let number = 0
  const sections = content.sections.map(({ title, rows }) => {
    const lines = rows.map(row => {
      number += 1
      return `${number}. ${row.title}${row.description === undefined ? '' : ` – ${row.description}`}`
    })
    return [title, ...lines].filter(isGiven).join('\n')
  })
  return paragraphs([content.header, content.text, ...sections, content.footer])
}

/** A place as text, with a link that opens in any map (https://developers.google.com/maps/documentation/urls). */
export function plainLocation({ name, address, latitude, longitude }: Location): string {
  const link = `https://www.google.com/maps/search/?api=1&query=${latitude},${longitude}`
  return [name, address, link].filter(isGiven).join('\n')
}

export function plainContacts({ contacts }: Contacts): string {
  return paragraphs(contacts.map(plainCard))
}

function plainCard({ name, organization, phones, emails }: ContactCard): string {
  const reached = [...phones.map(({ phone }) => phone), ...(emails ?? []).map(({ email }) => email)]
  return [name, organization, ...reached].filter(isGiven).join('\n')
}

export function paragraphs(texts: readonly (string | undefined)[]): string {
  return texts.filter(isGiven).join('\n\n')
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}
