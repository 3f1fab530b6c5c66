import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { problems } from '../answers.ts'
import { Problem } from '../problem.ts'
import type { Rooms } from '../rooms.ts'
import { demoPage } from './demo.ts'
import { checkOrigin, type Site, siteOf } from './entrance.ts'
import { channelPage } from './show.ts'

const tags = ['webchat']
export const ChannelParams = Type.Object({ channel: Type.String() })
type Params = { Params: { channel: string } }

/** What a website loads: the script, what it needs to know of a channel, and a page to try it on. */
export function pageRoutes(app: FastifyInstance, rooms: Rooms): void {
  scriptRoute(app)
  app.get<Params>(
    '/webchat/:channel/config',
    {
      schema: {
        operationId: 'readWebchat',
        summary: 'What a page needs before its visitor opens the chat',
        tags,
        security: [],
        params: ChannelParams,
        response: {
          200: Type.Object({}, { description: '`ChannelPage` of connectors/webchat/frames.ts.' }),
          ...problems('originRefused', 'notFound'),
        },
      },
    },
    async (request, reply) => {
      const site = siteOf(rooms, request.params.channel)
      // A browser leaves it out where page and daemon are of one origin.
      if (request.headers.origin !== undefined) allowOrigin(rooms, site, request, reply)
      return reply.headers({ 'cache-control': 'public, max-age=60', vary: 'origin' }).send(channelPage(site))
    },
  )
  app.get<Params>(
    '/webchat/:channel/demo',
    {
      schema: {
        operationId: 'showWebchatDemo',
        summary: 'A page to try the chat on, under the policy that a website should have',
        tags,
        security: [],
        params: ChannelParams,
        response: {
          200: { description: 'HTML.', content: { 'text/html': { schema: Type.String() } } },
          ...problems('notFound'),
        },
      },
    },
    async (request, reply) => {
      const { id } = siteOf(rooms, request.params.channel)
      const nonce = Buffer.from(rooms.random.fill(new Uint8Array(16))).toString('base64')
      const { html, policy } = demoPage({ channel: id, nonce, host: hostOf(rooms, request) })
      return reply
        .headers({
          'content-security-policy': policy,
          'cache-control': 'no-store',
          'referrer-policy': 'strict-origin-when-cross-origin',
          'x-content-type-options': 'nosniff',
        })
        .type('text/html; charset=utf-8')
        .send(html)
    },
  )
}

/** As the browser named us; it goes into a header, so that it must not be able to say more. */
function hostOf({ publicUrl }: Rooms, { host }: FastifyRequest): string {
  return /^[\w.:[\]-]+$/.test(host) ? host : new URL(publicUrl()).host
}

/** Lets the page read the answer, exactly that origin. @throws Problem originRefused */
export function allowOrigin(rooms: Rooms, site: Site, request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers
  checkOrigin(rooms, site, origin)
  reply.headers({ 'access-control-allow-origin': origin ?? '', vary: 'origin' })
}

const SCRIPT = new URL('../../widget/dist/widget.js', import.meta.url)
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const

type Script = { plain: Buffer; etag: string; packed: { name: string; bytes: Buffer }[] }

/** The same URL for ever, so it is asked for again soon; what is unchanged costs an answer without a body. */
function scriptRoute(app: FastifyInstance): void {
  let known: Promise<Script | undefined> | undefined
  app.get(
    '/webchat/widget.js',
    {
      schema: {
        operationId: 'loadWebchat',
        summary: 'The script that a website embeds',
        tags,
        security: [],
        response: {
          200: { description: 'JavaScript.', content: { 'text/javascript': { schema: Type.String() } } },
          304: Type.Null(),
          ...problems('unavailable'),
        },
      },
    },
    async (request, reply) => {
      known ??= readScript()
      const script = await known
      if (script === undefined) {
        known = undefined
        throw new Problem('unavailable', 'The script is not built: run `npm run build` where Omnibus is.')
      }
      reply.headers({
        'cache-control': 'public, max-age=300',
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
        etag: script.etag,
      })
      if (request.headers['if-none-match'] === script.etag) return reply.code(304).send()
      const accepted = (request.headers['accept-encoding'] ?? '')
        .split(',')
        .map(one => one.split(';')[0]?.trim())
      const packed = script.packed.find(({ name }) => accepted.includes(name))
      if (packed !== undefined) reply.header('content-encoding', packed.name)
      return reply.type('text/javascript; charset=utf-8').send(packed?.bytes ?? script.plain)
    },
  )
}

async function readScript(): Promise<Script | undefined> {
  const plain = await readOr(SCRIPT)
  if (plain === undefined) return undefined
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  const found = await Promise.all(
    ENCODINGS.map(async ({ name, suffix }) => ({ name, bytes: await readOr(new URL(`${SCRIPT}${suffix}`)) })),
  )
  return {
    plain,
    etag,
    packed: found.flatMap(({ name, bytes }) => (bytes === undefined ? [] : { name, bytes })),
  }
}

function readOr(url: URL): Promise<Buffer | undefined> {
  return readFile(url).catch(() => undefined)
}
