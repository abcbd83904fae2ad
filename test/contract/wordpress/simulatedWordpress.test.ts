import type { FaultName } from '../../../src/simulation/wordpress/faults.ts';
import { startSimulatedWordpress } from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import type { Break } from './contractSite.ts';
import { describeWordpress } from './wordpressContract.ts';

const FAULTS: Record<Break, FaultName> = {
  rest_closed: 'rest_cannot_access',
  dirty_json: 'dirty_json_bom',
  fatal: 'fatal',
  maintenance: 'maintenance',
  connector_missing: 'connector_missing',
  application_passwords_off: 'application_passwords_off',
};

describeWordpress('simulated WordPress', async (shape) => {
  const siteId = 7;
  const siteKey = `sbk_${'k'.repeat(43)}`;
  const site = await startSimulatedWordpress({
    siteId,
    siteKey,
    ...shape,
    users: [
      { id: 2, login: 'editor', role: 'editor', applicationPassword: 'abcdefghijkl' },
      { id: 4, login: 'author', role: 'author', applicationPassword: 'uvwxyzabcdef' },
      { id: 3, login: 'subscriber', role: 'subscriber', applicationPassword: 'mnopqrstuvwx' },
    ],
  });
  const { post } = site.state.postTypes;
  if (post !== undefined) post.meta = { subtitle: 'string', rating: 'integer' };
  Object.assign(site.state.postTypes, {
    film: {
      name: 'Films',
      rest_base: 'films',
      rest_namespace: 'cinema/v1',
      hierarchical: false,
      related: ['mood'],
    },
  });
  Object.assign(site.state.taxonomies, {
    mood: {
      name: 'Moods',
      rest_base: 'moods',
      rest_namespace: 'cinema/v1',
      hierarchical: false,
      related: ['film'],
    },
  });
  site.state.hiddenStatuses.push('shelved');
  return {
    url: site.url,
    siteId,
    siteKey,
    pluginVersion: '0.6.0',
    editor: { username: 'editor', application_password: 'abcdefghijkl' },
    author: { username: 'author', application_password: 'uvwxyzabcdef' },
    subscriber: { username: 'subscriber', application_password: 'mnopqrstuvwx' },
    postMessage: async (topic, postId) => site.postMessage(topic, postId),
    termMessage: async (_taxonomy, termId, was) => site.termMessage(termId, was),
    siteMessage: async () => site.siteMessage(),
    inAdmin: {
      setTerms: async (id, taxonomy, termIds) => void site.editor.setTerms(id, taxonomy, termIds),
      setStatus: async (id, status) => void site.editor.edit(id, { status }),
      setMeta: async (id, key, value) => void site.editor.setMeta(id, { [key]: value }),
      setProtectedMeta: async (id, key, value) => void site.editor.setProtectedMeta(id, { [key]: value }),
      untrash: async (id) => void site.editor.untrash(id),
    },
    setGmtOffset: async (hours) => {
      site.clock.gmtOffset = hours;
    },
    break: async (what) => site.setFault(FAULTS[what]),
    mend: async () => site.clearFaults(),
    stop: site.stop,
  };
});
