/**
 * Any of these means that a server was chosen. A configuration file in its default place alone does not: a demo must
 * not run in the production namespace that the user's command line is configured for.
 */
const CHOOSING_VARIABLES = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'];

/** The variable by which the environment chooses a Temporal server; undefined where it chooses none. */
export function chosenBy(environment: NodeJS.ProcessEnv): string | undefined {
  return CHOOSING_VARIABLES.find((name) => (environment[name] ?? '') !== '');
}
