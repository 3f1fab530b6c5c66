import type { ServerResponse } from 'node:http'
import { type Json, objectIn, objectOf, parseJson, textIn } from '../kit/json.ts'
import { reply, type SimAnswer } from '../kit/sim/answer.ts'
import { type ControlRoute, wanted } from '../kit/sim/control.ts'
import { readForm } from '../kit/sim/files.ts'
import type { SimRequest } from '../kit/sim/sim.ts'
import type { MetaSim } from './sim.ts'
import { refusal } from './sim-errors.ts'
import { handleSend } from './sim-send.ts'
import { isBeyondAscii } from './sim-webhooks.ts'
import type { SimAccount, World } from './sim-world.ts'

/** `/v26.0/<id>/messages`, with or without a version. */
const PATH = /^(?:\/v\d+\.\d+)?\/([A-Za-z0-9_-]+)(?:\/([a-z_]+))?$/

/** What the Graph API is asked (PROVIDERS B1, C1); media are on the CDN, which asks for no token. */
export function handle(
  world: World,
  accessToken: string,
  request: SimRequest,
  response: ServerResponse,
): void {
  const { method, path, headers, body } = request
  const token = headers.authorization?.replace(/^Bearer /, '')
  const [, id = '', edge = ''] = PATH.exec(path) ?? []
  if (path.startsWith('/sim-media/')) {
    download(world, path.slice('/sim-media/'.length), response)
  } else if (id === 'debug_token') {
    reply(response, tokenInfo(world, accessToken, request, token))
  } else {
    const refused = token === accessToken ? endedToken(world) : '190'
    const account = id === 'me' ? world.accounts.values().next().value : world.accounts.get(id)
    if (refused !== undefined) reply(response, refusal(refused).answer)
    else if (account === undefined) reply(response, refusal('33', `There is no '${id}'`).answer)
    else if (method === 'POST' && edge === 'messages') handleSend(world, account, body.toString(), response)
    else if (method === 'POST' && edge === 'message_attachments') {
      void upload(world, account, request).then(answer => reply(response, answer))
    } else reply(response, answerTo(world, account, method, edge))
  }
}

function endedToken({ behaviour, clock }: World): string | undefined {
  const { tokenEnds } = behaviour()
  return tokenEnds > 0 && tokenEnds * 1000 <= clock.now() ? '190/463' : undefined
}

function answerTo(world: World, account: SimAccount, method: string, edge: string): SimAnswer {
  if (method === 'GET' && edge === '') return json(aboutAccount(world, account))
  if (method === 'GET' && edge === 'message_templates') return json(listed(world))
  return refusal('100', `Unknown path components: /${edge}`).answer
}

function json(body: unknown): SimAnswer {
  return { status: 200, body: JSON.stringify(body) }
}

/** Of an Instagram account `id` is not what webhooks call it (C1). */
function aboutAccount({ facts }: World, { id, name }: SimAccount): Json {
  return facts.object === 'page' ? { id, name } : { id: `9${id}`, user_id: id, username: name }
}

function listed({ templates = [] }: World): Json {
  return {
    data: templates.map((template, index) => ({ id: String(index + 1), category: 'UTILITY', ...template })),
  }
}

/** Asked by the app, in the form `<app id>|<app secret>`. */
function tokenInfo(
  { behaviour }: World,
  accessToken: string,
  { url }: SimRequest,
  app: string | undefined,
): SimAnswer {
  if (!/^\d+\|.+$/.test(app ?? '')) return refusal('190').answer
  const is_valid = url.searchParams.get('input_token') === accessToken
  const error = { message: 'The token is invalid' }
  return json({ data: { is_valid, expires_at: behaviour().tokenEnds, ...(!is_valid && { error }) } })
}

/** PROVIDERS B1, B3: `message` says what the file is, `filedata` is the file. */
async function upload(world: World, account: SimAccount, { headers, body }: SimRequest): Promise<SimAnswer> {
  const form = await readForm(headers['content-type'] ?? '', body)
  const [message, file] = [form?.get('message'), form?.get('filedata')]
  const attachment = objectIn(objectOf(parseJson(typeof message === 'string' ? message : '')), 'attachment')
  const type = textIn(attachment, 'type') ?? ''
  const bytesMax = world.facts.attachments[type]
  if (bytesMax === undefined) return refusal('100', 'message.attachment.type').answer
  if (!(file instanceof File)) return refusal('100', 'filedata').answer
  if (file.size > bytesMax) return refusal('100', `the file is larger than ${bytesMax} bytes`).answer
  if (isBeyondAscii(file.name)) return refusal('100', 'the name of the file is not ASCII').answer
  const id = world.files.put(Buffer.from(await file.arrayBuffer()), file.type)
  world.uploads.set(id, { account: account.id, type })
  return json({ attachment_id: id })
}

function download(world: World, id: string, response: ServerResponse): void {
  const file = world.files.get(id)
  if (file === undefined) {
    reply(response, { status: 404, body: '', contentType: 'text/plain' })
  } else {
    response.writeHead(200, { 'content-type': file.mimeType, 'content-length': file.bytes.length })
    response.end(file.bytes)
  }
}

/**
 * What only these simulators can be told by curl:
 *
 *     curl $SIM/sim/messages -d '{"from":"6123456789012345","text":"Hola"}'
 *     curl $SIM/sim/messages -d '{"from":"6123456789012345","sample":"postback"}'
 *     curl $SIM/sim/comments -d '{"from":"6123456789012345","text":"How much?"}'
 *     curl $SIM/sim/people   -d '{"id":"6123456789012345","gone":true}'
 */
export function metaRoutes(sim: MetaSim): Record<string, ControlRoute> {
  return {
    'POST messages': body => ({ id: sim.inject({ ...withBytes(body), from: wanted(body, 'from') }) }),
    'POST comments': body => ({
      id: sim.comment({ ...body, from: wanted(body, 'from'), text: wanted(body, 'text') }),
    }),
    'POST people': body => {
      if (body['gone'] === true) sim.remove(wanted(body, 'id'))
    },
  }
}

function withBytes({ media: _, ...body }: Json): Json {
  const bytes = textIn(body, 'base64')
  if (bytes === undefined) return body
  const mimeType = textIn(body, 'mimeType') ?? 'application/octet-stream'
  return {
    ...body,
    media: { bytes: Buffer.from(bytes, 'base64'), mimeType, type: textIn(body, 'type') ?? 'file' },
  }
}
