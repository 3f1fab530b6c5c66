import { KEYS } from '../keys.ts'

const FLAG_WIDTH = 20

export const HELP = `Omnibus: every customer channel of a company on one message bus.

omnibus [serve]              run the daemon
omnibus config print         show the configuration and where each value came from (--json)
omnibus config check         say what is wrong with it
omnibus simulate whatsapp    a simulated WhatsApp to try things with
                             (--port 9100, --webhook http://127.0.0.1:8080/in/whatsapp)
omnibus help | version

Configuration: omnibus.yaml (or --config <file>), overridden by variables, overridden by flags.
Secrets may come from a file: OMNIBUS_SECRET_KEY_FILE, OMNIBUS_ADMIN_TOKEN_FILE, ...

${KEYS.map(key => `  ${key.flag.padEnd(FLAG_WIDTH)} ${key.variable.padEnd(24)} ${key.doc}`).join('\n')}

Examples
  omnibus
  omnibus --port 9000 --data-dir /var/lib/omnibus
  OMNIBUS_SECRET_KEY_FILE=/run/secrets/key omnibus serve --host 0.0.0.0
  omnibus config print --json

Exit codes: 0 done, 1 it could not be done, 2 the command line or the configuration is wrong.`
