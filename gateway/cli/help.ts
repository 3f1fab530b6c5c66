import { KEYS } from '../keys.ts'

const FLAG_WIDTH = 20

export const HELP = `Omnibus: every customer channel of a company on one message bus.

omnibus [serve]              run the daemon
omnibus config print         show the configuration and where each value came from (--json)
omnibus config check         say what is wrong with it
omnibus backup --to <dir>    write the whole store and its files to a new directory, while the daemon runs
                             (--from <store>, --workspace <id>, --json)
omnibus restore --from <dir> read a backup into an empty store (--to <store>, --json)
omnibus copy --from <store> --to <store>
                             move everything to an empty store; stopped, it goes on when it is run again
                             (--workspace <id>, --json)
omnibus simulate whatsapp    a simulated WhatsApp to try things with
                             (--port 9100, --webhook http://127.0.0.1:8080/in/whatsapp)
omnibus help | version

Configuration: omnibus.yaml (or --config <file>), overridden by variables, overridden by flags.
Secrets may come from a file: OMNIBUS_SECRET_KEY_FILE, OMNIBUS_ADMIN_TOKEN_FILE, ...

${KEYS.map(key => `  ${key.flag.padEnd(FLAG_WIDTH)} ${key.variable.padEnd(24)} ${key.doc}`).join('\n')}

A <store> is sqlite: (in the data directory), sqlite:<dir> or postgres://user@host/database; the
configured one if it is left out. No daemon may use a store that is copied or restored to.

Examples
  omnibus
  omnibus --port 9000 --data-dir /var/lib/omnibus
  OMNIBUS_SECRET_KEY_FILE=/run/secrets/key omnibus serve --host 0.0.0.0
  omnibus config print --json
  omnibus backup --to /var/backups/omnibus-2030-01-31
  omnibus copy --from sqlite:./data --to postgres://omnibus@db.example.com/omnibus

Exit codes: 0 done, 1 it could not be done, 2 the command line or the configuration is wrong.`
