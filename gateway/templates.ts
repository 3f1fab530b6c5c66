import type { Connector, Io } from '../connectors/connector.ts'
import type { OpenChannel } from '../connectors/directory.ts'
import type { Change } from '../model/change.ts'
import type { TemplateId } from '../model/ids.ts'
import type { Template } from '../model/template.ts'
import type { Rooms } from './rooms.ts'

/** Templates that one commit tells of; an account may have thousands. */
const COMMIT_MAX = 500

/**
 * Reads the templates of a channel and keeps what is new about them; one that is not there any more is `deleted`. An
 * account whose templates cannot be read can send all the same: that is logged, and what was known stays.
 */
export async function readTemplates(
  rooms: Pick<Rooms, 'store' | 'log' | 'clock'>,
  { id, workspace, connector, config }: OpenChannel,
  io: Io,
): Promise<void> {
  // The registry holds connectors whose config type only they know; the directory checked this config by its schema.
  const { templates } = connector as Connector<never>
  if (templates === undefined) return
  const at = rooms.clock.now()
  try {
    const told = await templates(config, io)
    const here = new Set(told.map(nameOf))
    const gone = (await known(rooms, { workspace, id })).filter(one => !here.has(nameOf(one)))
    const news = [
      ...told,
      ...gone.map(({ name, language }) => ({ name, language, status: 'deleted' as const })),
    ]
    for (let from = 0; from < news.length; from += COMMIT_MAX) {
      const changes = news
        .slice(from, from + COMMIT_MAX)
        .map((template): Change => ({ kind: 'templateTold', channel: id, template, at }))
      await rooms.store.commit({ workspace, changes })
    }
  } catch (error) {
    rooms.log.warn({ err: error, channel: id }, 'the templates could not be read')
  }
}

function nameOf({ name, language }: Pick<Template, 'name' | 'language'>): string {
  return `${name}\n${language}`
}

async function known(
  { store }: Pick<Rooms, 'store'>,
  { workspace, id: channel }: Pick<OpenChannel, 'workspace' | 'id'>,
): Promise<Template[]> {
  const found: Template[] = []
  for (let after: TemplateId | undefined; ; ) {
    const page = await store.query('templates', {
      workspace,
      channel,
      limit: COMMIT_MAX,
      ...(after !== undefined && { after }),
    })
    found.push(...page.filter(({ status }) => status !== 'deleted'))
    const last = page.at(-1)
    if (last === undefined || page.length < COMMIT_MAX) return found
    after = last.id
  }
}
