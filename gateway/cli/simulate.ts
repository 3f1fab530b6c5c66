import { createWhatsAppSim } from '../../connectors/whatsapp/sim.ts'
import { type ExitCode, UsageError } from './command.ts'
import { untilSignal } from './signals.ts'
import { SIMULATED } from './simulated.ts'

const WEBHOOK = 'http://127.0.0.1:8080/in/whatsapp'

/** `omnibus simulate whatsapp`: the provider, faked, until it is told to stop. */
export async function simulate(provider: string, flags: Record<string, string>): Promise<ExitCode> {
  if (provider !== 'whatsapp') throw new UsageError(`there is no simulated ${provider}; try whatsapp`)
  const { '--port': port = String(SIMULATED.port), '--webhook': webhookUrl = WEBHOOK, ...others } = flags
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new UsageError(`unknown flag ${unknown}`)
  if (!/^\d{1,5}$/.test(port)) throw new UsageError('--port must be a number')
  if (!URL.canParse(webhookUrl)) throw new UsageError('--webhook must be a URL')
  const { appSecret, accessToken, verifyToken, phoneNumberId, displayPhoneNumber } = SIMULATED
  const sim = await createWhatsAppSim({
    port: Number(port),
    appSecret,
    accessToken,
    verifyToken,
    webhookUrl,
    numbers: [{ phoneNumberId, displayPhoneNumber }],
  })
  console.log(`A simulated WhatsApp at ${sim.url}, webhooks to ${webhookUrl}

  A person writes:      curl ${sim.url}/sim/messages -d '{"from":"+5215512345678","text":"Hola"}'
  What was sent to it:  curl '${sim.url}/sim/sent?last=10'
  A bad day:            curl -X PATCH ${sim.url}/sim/behaviour -d '{"duplicates":0.5,"reorders":0.5}'`)
  const signals = untilSignal()
  await signals.first
  await sim.stop()
  return 0
}
