import type { AnyConnector } from './connector.ts'
import { telegram } from './telegram/telegram.ts'
import { twilio } from './twilio/twilio.ts'
import { webchat } from './webchat/webchat.ts'
import { whatsapp } from './whatsapp/whatsapp.ts'

/** Every connector there is: one line each. */
const CONNECTORS: readonly AnyConnector[] = [whatsapp, telegram, twilio, webchat]

/** Finds a connector by its name, as it stands in URLs and in a channel's `connector`. */
export function finderOf(connectors: readonly AnyConnector[]): (name: string) => AnyConnector | undefined {
  const byName = new Map(connectors.map(connector => [connector.connector, connector]))
  return name => byName.get(name)
}

export const connectorOf = finderOf(CONNECTORS)

export function allConnectors(): readonly AnyConnector[] {
  return CONNECTORS
}
