import type { AnyConnector } from './connector.ts'
import { instagram } from './instagram/instagram.ts'
import { messenger } from './messenger/messenger.ts'
import { webchat } from './webchat/webchat.ts'
import { whatsapp } from './whatsapp/whatsapp.ts'

/** Every connector there is: one line each. */
const CONNECTORS: readonly AnyConnector[] = [whatsapp, messenger, instagram, webchat]

const BY_NAME = new Map(CONNECTORS.map(connector => [connector.connector, connector]))

/** The connector of this name, as it stands in URLs and in a channel's `connector`. */
export function connectorOf(name: string): AnyConnector | undefined {
  return BY_NAME.get(name)
}

export function allConnectors(): readonly AnyConnector[] {
  return CONNECTORS
}
