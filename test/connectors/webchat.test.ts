import { connectorLaws } from '../contracts/connector.ts'

const NOT_CALLED = 'nobody calls it: visitors have sockets of their own, whose laws are in `test/webchat/`'
const NO_PROVIDER = 'there is no provider: what is stored is sent'

connectorLaws({
  connector: 'webchat',
  config: (_url, which) => ({
    origins: [],
    identitySecret: `the-identity-secret-of-${which}`,
    onUncertain: { afterMs: 10 },
  }),
  fixtures: [],
  people: { ana: 'webchat:ana', beto: 'webchat:beto' },
  throttles: [],
  lostAnswer: 'reference',
  exempt: {
    'its fixtures are many, and each says why it is there': NOT_CALLED,
    'parse is total: a payload changed at random never throws, and its items are usable': NOT_CALLED,
    'parse is total over any bytes: what is no webhook is one rejected item': NOT_CALLED,
    'a wrong signature is refused on every route, and nothing is kept': NOT_CALLED,
    'RULES B2: a batch is read whole, and each thing goes to its own channel': NOT_CALLED,
    "RULES B2: another company's channel is not touched, whatever names it": NOT_CALLED,
    'RULES B1: the same delivery again, one after the other or at once, is one message': NOT_CALLED,
    'RULES B7: a kind that nobody has heard of is kept': NOT_CALLED,
    'RULES D1: receipts in any order come to the same': NOT_CALLED,
    'RULES D6: a receipt of a message that nobody knows is taken, and changes nothing': NOT_CALLED,
    'RULES D6: receipts that come before the answer are not lost': NOT_CALLED,
    'its credentials are proven without sending, and those that are wrong are told': NO_PROVIDER,
    'RULES C8, E4: each way of saying "not so fast" is known by what it slows': NO_PROVIDER,
    'RULES E4: what is throttled waits, and what it does not slow goes on': NO_PROVIDER,
    'RULES C5, C6: an answer lost after acceptance gives one delivery': NO_PROVIDER,
  },
})
