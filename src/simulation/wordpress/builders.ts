/** Page builders, as far as the connector and REST show them: by the marks in the meta of posts. */
import type { SimulatedSite } from './site.ts';
import type { SimulatedPost } from './state.ts';

const SWITCHES = [
  ['elementor', '_elementor_edit_mode', 'builder'],
  ['divi', '_et_pb_use_builder', 'on'],
  ['beaver_builder', '_fl_builder_enabled', '1'],
  ['bricks', '_bricks_editor_mode', 'bricks'],
] as const;

const LAYOUTS = [
  ['oxygen', 'ct_builder_json'],
  ['oxygen', '_ct_builder_json'],
  ['oxygen', 'ct_builder_shortcodes'],
  ['oxygen', '_ct_builder_shortcodes'],
  ['oxygen', '_oxygen_data'],
  ['breakdance', '_breakdance_data'],
] as const;

/** The builder of a post, as the connector tells it. */
export function builtWith({ protectedMeta: meta = {} }: SimulatedPost): string | null {
  const switched = SWITCHES.find(([, key, value]) => meta[key] === value);
  const laidOut = LAYOUTS.find(([, key]) => !['', '0', '{"tree_json_string":""}'].includes(meta[key] ?? ''));
  return switched?.[0] ?? laidOut?.[0] ?? null;
}

/** The part of the connector's hash that the marks of builders change. Empty for a post without them. */
export function marksOf({ protectedMeta: meta = {} }: SimulatedPost): string {
  const switches = SWITCHES.map(([, key]) => meta[key] ?? '');
  const layouts = LAYOUTS.map(([, key]) => (meta[key] === undefined ? '' : key));
  return [...switches, ...layouts].join('');
}

/** The namespace that Elementor adds to REST. The simulated site has the plugin as soon as a post has its mark. */
export function builderNamespaces(site: SimulatedSite): string[] {
  return site.state.posts.some((post) => builtWith(post) === 'elementor') ? ['elementor/v1'] : [];
}

/** The body as visitors see it. Only Elementor is simulated: it shows its own layout in place of the body. */
export function renderedBody(post: SimulatedPost): string {
  if (builtWith(post) !== 'elementor') return post.content;
  return `<div data-elementor-type="wp-post" data-elementor-id="${post.id}" class="elementor elementor-${post.id}"><p>A layout</p></div>`;
}
