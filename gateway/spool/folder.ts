import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WebhookRequest } from '../../connectors/connector.ts'
import type { ChannelId } from '../../model/ids.ts'
import type { Sealer } from '../../store/seal.ts'

/**
 * The files of a spool, one for each delivery: `<number>-<random>` and what became of it. Numbers grow, so the order
 * of names is the order of arrival.
 *
 * `.part`: being written; a process that was killed leaves it. `.sealed`: whole and on the disk. `.aside`: could not be
 * read or not be stored; whoever starts next tries it again. What was stored is gone.
 */
export type Folder = {
  /** All that is there, in order. What cannot be read is set aside and told to `torn`. */
  list(torn: (file: string, why: unknown) => void): Promise<Filed[]>
  /** Sealed, ready to be written; `bytes` is what it will take. */
  seal(name: string, delivery: Delivery): { text: string; bytes: number }
  /** The bytes and their name are on the disk when it answers. Gives the file's name. */
  write(name: string, text: string): Promise<string>
  /** @throws when it is not there, or is not whole */
  read(file: string): Promise<Delivery>
  remove(file: string): Promise<void>
  setAside(file: string): Promise<void>
}

/** A verified delivery as it came, and whose it is. */
export type Delivery = {
  connector: string
  /** The channel of the URL, if it named one. */
  named: ChannelId | undefined
  /**
   * To whom its items go: of the channels that hold the secret that verified, those that it is about (RULES B2). All
   * holders would be as exact, and a thousand ids in each file.
   */
  channels: readonly ChannelId[]
  request: WebhookRequest
}

/** What is known of a file without its delivery, of which there may be more than memory holds. */
export type Filed = {
  file: string
  number: number
  bytes: number
  channels: readonly ChannelId[]
  at: number
}

const NAME = /^(\d{15}-[0-9a-f]{8})\.(?:part|sealed|aside)$/
/** Files that are open at once while a spool is listed. */
const READS_AT_ONCE = 32
/** What is in a file. A newer one could say more than this version knows. */
const FORMAT = 1

/** @param path of the folder; it is made when the first delivery is written */
export function openFolder(path: string, sealer: Sealer): Folder {
  const at = (file: string): string => join(path, file)
  // Bound to its name: a file cannot be put in another's place.
  const contextOf = (name: string): string => `spool ${name}`
  const stemOf = (file: string): string => NAME.exec(file)?.[1] ?? file
  const parse = (file: string, text: string): Delivery =>
    deliveryOf(sealer.unseal(text, contextOf(stemOf(file))))
  const setAside = (file: string): Promise<void> => rename(at(file), at(`${stemOf(file)}.aside`))
  let isMade = false
  const make = async (): Promise<void> => {
    if (isMade) return
    const first = await mkdir(path, { recursive: true, mode: 0o700 })
    if (first !== undefined) await sync(dirname(first))
    isMade = true
  }
  return {
    list: async torn => {
      const files = (await readdir(path).catch(noFolder)).filter(file => NAME.test(file)).sort()
      const found: (Filed | undefined)[] = []
      const take = async (file: string): Promise<Filed | undefined> => {
        try {
          const text = await readFile(at(file), 'utf8')
          const { channels, request } = parse(file, text)
          return { file, number: Number(file.slice(0, 15)), bytes: text.length, channels, at: request.at }
        } catch (error) {
          torn(file, error)
          await setAside(file).catch(() => {})
          return undefined
        }
      }
      for (let from = 0; from < files.length; from += READS_AT_ONCE) {
        found.push(...(await Promise.all(files.slice(from, from + READS_AT_ONCE).map(take))))
      }
      return found.filter(one => one !== undefined)
    },
    seal: (name, delivery) => {
      const text = sealer.seal(textOf(delivery), contextOf(name))
      return { text, bytes: text.length }
    },
    write: async (name, text) => {
      await make()
      const file = `${name}.sealed`
      const part = at(`${name}.part`)
      await using handle = await open(part, 'wx', 0o600)
      await handle.writeFile(text)
      await handle.sync()
      await rename(part, at(file))
      await sync(path)
      return file
    },
    read: async file => parse(file, await readFile(at(file), 'utf8')),
    remove: file => rm(at(file), { force: true }),
    setAside,
  }
}

/** A name is on the disk when its folder is. */
async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function textOf({ request, ...delivery }: Delivery): string {
  return JSON.stringify({
    format: FORMAT,
    ...delivery,
    request: { ...request, body: request.body.toString('base64') },
  })
}

/** What a seal opens we wrote ourselves: only which of us has to be asked. */
function deliveryOf(text: string): Delivery {
  const { format, request, ...delivery } = JSON.parse(text)
  if (format !== FORMAT) throw new Error(`its format is ${format}, and this version reads ${FORMAT}`)
  return { ...delivery, request: { ...request, body: Buffer.from(request.body, 'base64') } }
}
