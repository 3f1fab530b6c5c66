import { SIMULATED } from '../../connectors/whatsapp/simulated.ts'
import type { Config } from '../config.ts'
import type { Daemon } from '../gateway.ts'

/** What a person who has just started the daemon can do next. */
export function whatToTry(
  config: Config,
  { url, newToken, demoUrl }: Pick<Daemon, 'url' | 'newToken' | 'demoUrl'>,
): string {
  const token = newToken ?? '<the admin token>'
  const demo = demoUrl === null ? '' : `  ${demoUrl}\n  is a website with a chat: open it and write.\n\n`
  return `${about(config, newToken)}
Omnibus listens at ${url}

${demo}  ${url}/readyz        whether it can take work
  ${url}/docs          the API, as a page; /openapi.json for programs
  ${url}/metrics       figures

Try it, with \`npm run simulate -- whatsapp${webhookFlag(url)}\` in another terminal:

${linesToTry(url, token)}`
}

/** Lines for a shell; they work as they are when they are pasted in order. */
export function linesToTry(url: string, token: string): string {
  const simulator = `http://127.0.0.1:${SIMULATED.port}`
  return `TOKEN='${token}'
AUTH="authorization: Bearer $TOKEN"
JSON='content-type: application/json'

# Connect a channel to the simulated WhatsApp
CHANNEL=$(curl -s ${url}/v1/channels -H "$AUTH" -H "$JSON" \\
  -d '${CHANNEL}' | grep -o 'chn_[0-9a-z]*' | head -n 1)

# A person writes: through the simulator, or as a webhook signed by hand
curl ${simulator}/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
BODY='${WEBHOOK}'
SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac ${SIMULATED.appSecret} | sed 's/^.* //')
curl -i ${url}/in/whatsapp -H "$JSON" -H "x-hub-signature-256: sha256=$SIGNATURE" -d "$BODY"

# Read, answer, see how far the answer came
curl -s ${url}/v1/messages -H "$AUTH"
curl -s ${url}/v1/messages -H "$AUTH" -H "$JSON" -H 'idempotency-key: first' \\
  -d '{"channel":"'$CHANNEL'","to":"+5215512345678","content":{"type":"text","text":"Hola, Ana"}}'
curl -s '${url}/v1/messages?direction=outbound' -H "$AUTH"

# Follow everything that happens
curl -N '${url}/v1/events?after=0' -H "$AUTH" -H 'accept: text/event-stream'
`
}

/** Above the lines, since they need it. */
function about(config: Config, newToken: string | null): string {
  if (newToken !== null) return '\nThe admin token below is shown only now; it is stored as a hash.\n'
  const which = config.adminToken === null ? 'printed on first start' : 'you configured'
  return `\n<the admin token> below is the one ${which}.\n`
}

function webhookFlag(url: string): string {
  return url === 'http://127.0.0.1:8080' ? '' : ` --webhook ${url}/in/whatsapp`
}

const CHANNEL = JSON.stringify({
  connector: 'whatsapp',
  name: 'Support',
  config: {
    phoneNumberId: SIMULATED.phoneNumberId,
    accessToken: SIMULATED.accessToken,
    appSecret: SIMULATED.appSecret,
    verifyToken: SIMULATED.verifyToken,
    apiBase: `http://127.0.0.1:${SIMULATED.port}`,
  },
})

/** As Meta writes it. The id never changes: sent again, it is the same message. */
const WEBHOOK = JSON.stringify({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      changes: [
        {
          field: 'messages',
          value: {
            messaging_product: 'whatsapp',
            metadata: {
              display_phone_number: SIMULATED.displayPhoneNumber.slice(1),
              phone_number_id: SIMULATED.phoneNumberId,
            },
            contacts: [{ profile: { name: 'Ana' }, wa_id: '5215512345678' }],
            messages: [
              {
                from: '5215512345678',
                id: 'wamid.written-by-hand',
                timestamp: '1790000000',
                type: 'text',
                text: { body: 'Hola a mano' },
              },
            ],
          },
        },
      ],
    },
  ],
})
