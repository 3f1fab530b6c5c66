import { KEYS } from '../keys.ts'
import type { Call, ExitCode } from './usage.ts'

export type Flag = {
  name: string
  /** What stands for its value in help; null for a switch. */
  value: string | null
  doc: string
  /** The values it takes, where they are few. */
  words?: readonly string[]
}

export type Argument = { name: string; needed: boolean; words?: readonly string[] }

/**
 * Every command, told once: what is run, `help`, completion, "did you mean" and the test that compares
 * `docs/operations.md` with the code all read this table. A command is loaded when it is called, so that a daemon has
 * none of the others in its memory.
 */
export type Command = {
  /** One word, or two: `token create`. */
  name: string
  /** One line, in the words of whoever wants it. */
  summary: string
  args: readonly Argument[]
  flags: readonly Flag[]
  /** Whether it takes the flags of the configuration too. */
  configured: boolean
  /** Below the flags in its help. */
  details?: string
  examples: readonly string[]
  load: () => Promise<(call: Call) => ExitCode | Promise<ExitCode>>
}

const ROLES = ['operator', 'owner', 'manager', 'agent', 'backend']
const SHELLS = ['bash', 'zsh', 'fish']

const flag = (name: string, value: string | null, doc: string, words?: readonly string[]): Flag =>
  words === undefined ? { name, value, doc } : { name, value, doc, words }
const JSON_FLAG = flag('--json', null, 'for programs: one JSON document')
const ONE_WORKSPACE = flag('--workspace', '<id>', 'only this workspace')
/** Of the commands that ask a running daemon. */
const CLIENT: readonly Flag[] = [
  flag('--url', '<url>', 'the daemon to ask (OMNIBUS_URL); where the configuration lets it listen'),
  flag('--token', '<token>', 'OMNIBUS_TOKEN, or OMNIBUS_TOKEN_FILE; the configured adminToken'),
  flag('--workspace', '<id>', 'another workspace than the first, for operators'),
  JSON_FLAG,
]
/** Of the commands that let people write through simulated providers. */
const TRAFFIC: readonly Flag[] = [
  flag('--mix', '<list>', 'what people do, and how often: text=3,any=1 if absent'),
  flag('--faults', '<list>', 'how badly the providers behave: duplicates=0.2,dropAnswers=0.1, or bad'),
]
const MIXES = `In --mix, "text" is something written, "any" each kind that a provider has in turn,
anything else a kind by its name. The names in --faults are those of the simulators'
behaviour (docs/connectors.md).`
const CHANNEL = flag('--channel', '<id or name>', 'the channel')
const STORES = `A <store> is sqlite: (in the data directory), sqlite:<dir> or postgres://user@host/database;
the configured one if it is left out. No daemon may use a store that is copied or restored to.`

export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    summary: 'run the daemon; also without any command',
    args: [],
    flags: [],
    configured: true,
    examples: [
      'omnibus',
      'omnibus --port 9000 --data-dir /var/lib/omnibus',
      'OMNIBUS_SECRET_KEY_FILE=/run/secrets/key omnibus serve --host 0.0.0.0',
    ],
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'config print',
    summary: 'show the configuration and where each value came from, secrets hidden',
    args: [],
    flags: [JSON_FLAG],
    configured: true,
    examples: ['omnibus config print', 'omnibus config print --json'],
    load: async () => (await import('./config.ts')).printConfig,
  },
  {
    name: 'config check',
    summary: 'say what is wrong with the configuration, one line a fault',
    args: [],
    flags: [],
    configured: true,
    examples: ['omnibus config check --config /etc/omnibus.yaml'],
    load: async () => (await import('./config.ts')).checkConfig,
  },
  {
    name: 'doctor',
    summary: 'look for what is wrong: configuration, disk, clock, store, keys, providers, public URL',
    args: [],
    flags: [...CLIENT.filter(({ name }) => name !== '--workspace')],
    configured: true,
    details: 'It runs beside a daemon or without one, and changes nothing. Exit code 1 if a line says fail.',
    examples: ['omnibus doctor', 'omnibus doctor --json'],
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'tail',
    summary: 'follow what happens, over restarts of the daemon',
    args: [],
    flags: [
      flag('--after', '<n>', 'begin behind this number; 0 is the first event; from now on if absent'),
      flag('--type', '<types>', 'only these, with commas; message.* is all of a kind'),
      flag('--channel', '<id or name>', 'only events that name this channel'),
      flag('--count', '<n>', 'end after so many'),
      ...CLIENT,
    ],
    configured: true,
    details: 'With --json each line is an event. Ctrl-C ends it, with 130. NO_COLOR turns colours off.',
    examples: [
      'omnibus tail',
      "omnibus tail --after 0 --type 'message.*,conversation.closed'",
      "omnibus tail --json --channel Support | jq -r '.data.status'",
    ],
    load: async () => (await import('./tail.ts')).tail,
  },
  {
    name: 'send',
    summary: 'send a message',
    args: [{ name: 'text', needed: false }],
    flags: [
      CHANNEL,
      flag('--to', '<address>', 'a phone as + and digits, an e-mail address, or kind:value'),
      flag('--contact', '<id>', 'a contact instead of an address'),
      flag('--conversation', '<id>', 'a conversation instead of an address'),
      flag('--template', '<name>', 'a template instead of a text, with --language'),
      flag('--language', '<code>', 'of the template: es_MX'),
      flag('--parameters', '<json>', 'of the template: \'{"body":{"1":"Ana"}}\''),
      flag('--json-content', '<file>', 'the whole content as JSON, from a file, or - for stdin'),
      flag('--key', '<key>', 'Idempotency-Key: the same again sends nothing twice; one is made if absent'),
      flag('--wait', null, 'wait for its statuses, and print each'),
      flag('--until', '<status>', 'sent, received or read: where --wait ends; received if absent', [
        'sent',
        'received',
        'read',
      ]),
      flag('--timeout', '<seconds>', 'how long --wait waits; 60 if absent'),
      ...CLIENT,
    ],
    configured: true,
    details: 'A text of - is read from stdin. With --wait the exit code is 1 if it failed, or not in time.',
    examples: [
      'omnibus send --channel Support --to +573001234567 "Hola, Ana" --wait',
      'omnibus send --conversation cnv_… "Ready to be picked up"',
      'omnibus send --channel Support --to +573001234567 --template order_ready --language es_CO',
      'echo \'{"type":"location","latitude":4.6,"longitude":-74.1}\' |\n' +
        '    omnibus send --channel Support --to +573001234567 --json-content -',
    ],
    load: async () => (await import('./send.ts')).send,
  },
  {
    name: 'channel list',
    summary: 'list the channels, with their health',
    args: [],
    flags: CLIENT,
    configured: true,
    examples: ['omnibus channel list'],
    load: async () => (await import('./channel.ts')).listChannels,
  },
  {
    name: 'channel check',
    summary: 'prove the credentials of a channel without sending',
    args: [{ name: 'id or name', needed: true }],
    flags: CLIENT,
    configured: true,
    details: 'Exit code 1 if the provider refuses them or cannot be reached.',
    examples: ['omnibus channel check Support'],
    load: async () => (await import('./channel.ts')).checkChannel,
  },
  {
    name: 'channel create',
    summary: 'connect a channel',
    args: [],
    flags: [
      flag('--connector', '<name>', 'whatsapp'),
      flag('--name', '<name>', 'how people call it'),
      flag('--config-file', '<file>', 'its configuration as YAML or JSON; - is stdin'),
      flag('--key', '<key>', 'Idempotency-Key; one is made if absent'),
      ...CLIENT,
    ],
    configured: true,
    details:
      'Secrets belong in the file, not on the command line, where every user of the machine sees them.',
    examples: ['omnibus channel create --connector whatsapp --name Support --config-file support.yaml'],
    load: async () => (await import('./channel.ts')).createChannel,
  },
  {
    name: 'token create',
    summary: 'make an access token, printed once',
    args: [],
    flags: [
      flag('--name', '<name>', 'whose it is'),
      flag('--role', '<role>', 'what it may do', ROLES),
      flag('--expires-at', '<time>', 'RFC 3339; never if absent'),
      ...CLIENT,
    ],
    configured: true,
    examples: ['omnibus token create --name crm --role backend'],
    load: async () => (await import('./token.ts')).createToken,
  },
  {
    name: 'token list',
    summary: 'list the access tokens',
    args: [],
    flags: CLIENT,
    configured: true,
    examples: ['omnibus token list'],
    load: async () => (await import('./token.ts')).listTokens,
  },
  {
    name: 'token revoke',
    summary: 'end an access token at once',
    args: [{ name: 'id', needed: true }],
    flags: CLIENT,
    configured: true,
    examples: ['omnibus token revoke tok_…'],
    load: async () => (await import('./token.ts')).revokeToken,
  },
  {
    name: 'replay',
    summary: 'read deliveries again that could not be read when they came',
    args: [{ name: 'id or name of a channel', needed: true }],
    flags: [flag('--list', null, 'only list them'), flag('--id', '<id>', 'only this one: rej_…'), ...CLIENT],
    configured: true,
    details:
      'What is read becomes messages, each once, and is kept no longer. Exit code 1 if some stay unread.',
    examples: ['omnibus replay Support --list', 'omnibus replay Support'],
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'backup',
    summary: 'write the whole store and its files to a new directory, while the daemon runs',
    args: [],
    flags: [
      flag('--to', '<dir>', 'the directory, which must not be there'),
      flag('--from', '<store>', 'the store'),
      ONE_WORKSPACE,
      JSON_FLAG,
    ],
    configured: true,
    details: STORES,
    examples: ['omnibus backup --to /var/backups/omnibus-2030-01-31'],
    load: async () => (await import('./transfer.ts')).backup,
  },
  {
    name: 'restore',
    summary: 'read a backup into an empty store',
    args: [],
    flags: [
      flag('--from', '<dir>', 'the directory of the backup'),
      flag('--to', '<store>', 'the store'),
      JSON_FLAG,
    ],
    configured: true,
    details: STORES,
    examples: ['omnibus restore --from /var/backups/omnibus-2030-01-31'],
    load: async () => (await import('./transfer.ts')).restore,
  },
  {
    name: 'copy',
    summary: 'move everything to an empty store; stopped, it goes on when it is run again',
    args: [],
    flags: [
      flag('--from', '<store>', 'the store'),
      flag('--to', '<store>', 'the other one'),
      ONE_WORKSPACE,
      JSON_FLAG,
    ],
    configured: true,
    details: STORES,
    examples: ['omnibus copy --from sqlite:./data --to postgres://omnibus@db.example.com/omnibus'],
    load: async () => (await import('./transfer.ts')).copy,
  },
  {
    name: 'migrate',
    summary: 'make the schema of the store current, and end',
    args: [],
    flags: [flag('--dry-run', null, 'say what would be done, and do nothing'), JSON_FLAG],
    configured: true,
    details: 'The daemon does the same when it starts. Schemas only go forward: take a backup first.',
    examples: ['omnibus migrate --dry-run', 'omnibus migrate'],
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'rekey',
    summary: 'seal every secret anew with the first of two secret keys',
    args: [],
    flags: [JSON_FLAG],
    configured: true,
    details: `With secretKey "new,old". Afterwards the old key is needed for older backups only. On SQLite the
daemon must be stopped; on PostgreSQL it runs beside nodes that all know both keys.`,
    examples: ['OMNIBUS_SECRET_KEY=new-key,old-key omnibus rekey'],
    load: async () => (await import('./rekey.ts')).rekey,
  },
  {
    name: 'simulate',
    summary: 'run simulated providers to try things with',
    args: [{ name: 'provider', needed: false }],
    flags: [
      flag(
        '--port',
        '<port>',
        'where the first of them listens, the others behind it; 9100, 0 takes free ones',
      ),
      flag('--webhook', '<url>', 'of one: where its webhooks go; /in/<provider> of the daemon if absent'),
      flag('--daemon', '<url>', 'the daemon that they call; http://127.0.0.1:8080'),
      flag('--pace', '<seconds>', 'between two things that people do; 3, 0 for nobody, and nobody with one'),
      ...TRAFFIC,
      flag('--seed', '<number>', 'the same choices again'),
    ],
    configured: false,
    details: `Without a provider, or with "all", every one that there is.\n${MIXES}`,
    examples: [
      'omnibus simulate',
      'omnibus simulate whatsapp --faults duplicates=0.5,reorders=0.5',
      'omnibus simulate --daemon http://127.0.0.1:9000 --mix text=5,location=1 --faults bad',
    ],
    load: async () => (await import('./simulate.ts')).simulate,
  },
  {
    name: 'demo',
    summary: 'run a daemon with simulated providers and people who write and are answered',
    args: [],
    flags: [
      flag('--pace', '<seconds>', 'between two things that people write; 3 if absent'),
      flag('--port', '<port>', 'where the daemon listens; 8080 if absent, 0 takes a free one'),
      flag('--data-dir', '<dir>', 'keep everything there; a temporary directory, gone at the end, if absent'),
      ...TRAFFIC,
    ],
    configured: false,
    details: `It reads no configuration, so that no real store gets a simulated channel. Ctrl-C ends it.
${MIXES}`,
    examples: ['omnibus demo', 'omnibus demo --port 9000 --pace 1', 'omnibus demo --faults bad'],
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'completion',
    summary: 'print the completion of commands and flags for a shell',
    args: [{ name: 'shell', needed: true, words: SHELLS }],
    flags: [],
    configured: false,
    examples: [
      'source <(omnibus completion bash)',
      'omnibus completion zsh > ~/.zfunc/_omnibus   # with ~/.zfunc in $fpath before compinit',
      'omnibus completion fish > ~/.config/fish/completions/omnibus.fish',
    ],
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'help',
    summary: 'show all commands, or one with its flags and examples',
    args: [
      { name: 'command', needed: false },
      { name: 'word', needed: false },
    ],
    flags: [],
    configured: false,
    examples: ['omnibus help send', 'omnibus send --help'],
    load: async () => (await import('./help.ts')).help,
  },
  {
    name: 'version',
    summary: 'show the version',
    args: [],
    flags: [],
    configured: false,
    examples: ['omnibus version'],
    load: async () => (await import('./help.ts')).version,
  },
]

/** Flags that every command takes. */
export const EVERYWHERE = ['--help', '--version'] as const

export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find(command => command.name === name)
}

/** `token` → `create`, `list`, `revoke`; empty for a word that begins no command of two. */
export function secondWords(first: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(
    ({ name }) => name.split(' ')[1] ?? '',
  )
}

/** The first words of all commands, in the order of the table. */
export function firstWords(): string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))]
}

/** Flags of the configuration, `--config` among them. */
export const CONFIG_FLAGS: readonly string[] = ['--config', ...KEYS.map(key => key.flag)]
