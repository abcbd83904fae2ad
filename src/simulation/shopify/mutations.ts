import { gid, idIn, itemNode, TYPES } from './nodes.ts';
import { demand } from './queries.ts';
import { freeHandle, isTaken, type Kind, newItem, type SimulatedItem, type SimulatedState } from './state.ts';

interface Metafields {
  namespace?: string | null;
  key?: string | null;
  type?: string | null;
  value?: string | null;
}

/** The fields of all mutation inputs, for every kind of item. */
interface Input {
  id?: string;
  title?: string;
  handle?: string;
  body?: string;
  descriptionHtml?: string;
  summary?: string;
  tags?: string[];
  isPublished?: boolean;
  publishDate?: string;
  status?: SimulatedItem['status'];
  productType?: string;
  vendor?: string;
  sortOrder?: string;
  templateSuffix?: string | null;
  seo?: { title?: string | null; description?: string | null };
  author?: { name?: string };
  blogId?: string;
  image?: { url?: string; src?: string };
  metafields?: Metafields[];
  collectionsToJoin?: string[];
  collectionsToLeave?: string[];
}

interface UserError {
  field: string[];
  message: string;
  code: string;
}

/**
 * The longest title: https://shopify.dev/docs/api/admin-graphql/2026-10/enums/ArticleCreateUserErrorCode
 * (TOO_LONG)
 */
const LONGEST_TITLE = 255;

/**
 * The fields of the mutation root, for an app with these scopes. `now` returns ISO 8601 UTC, to the second.
 */
export function mutationRoot(
  state: SimulatedState,
  scopes: readonly string[],
  now: () => string,
): Record<string, unknown> {
  const payload = (kind: Kind, item: SimulatedItem | null, userErrors: UserError[]) => ({
    [kind]: item === null ? null : itemNode(state, item),
    userErrors,
  });
  const create = (kind: Kind, input: Input, media: { originalSource: string }[] = []) => {
    demand(scopes, 'write', kind, `${kind}Create`);
    const errors = wrong(state, kind, input, null);
    if (errors.length > 0) return payload(kind, null, errors);
    const title = input.title ?? '';
    const blog = kind === 'article' ? idIn(input.blogId, 'Blog') : 11;
    const item = newItem(state, kind, now(), {
      title,
      blog,
      body: '',
      // By default a product is active, costs nothing and is in no publication.
      price: '0.00',
      handle: input.handle ?? freeHandle(state, kind, title, blog),
    });
    state.items.push(item);
    apply(item, input, media, now());
    return payload(kind, item, []);
  };
  const update = (
    kind: Kind,
    id: string | undefined,
    input: Input,
    media: { originalSource: string }[] = [],
  ) => {
    demand(scopes, 'write', kind, `${kind}Update`);
    const item = state.items.find((each) => each.kind === kind && each.id === idIn(id, TYPES[kind]));
    if (item === undefined)
      return payload(kind, null, [
        { field: ['id'], message: `${TYPES[kind]} does not exist`, code: 'NOT_FOUND' },
      ]);
    const errors = wrong(state, kind, input, item);
    if (errors.length > 0) return payload(kind, null, errors);
    apply(item, input, media, now());
    return payload(kind, item, []);
  };
  const publish = (id: string, input: { publicationId?: string }[], to: boolean) => {
    demand(scopes, 'write', 'publication', 'publishablePublish');
    const item = state.items.find((each) => gid(TYPES[each.kind], each.id) === id);
    if (item === undefined) return { userErrors: [{ field: ['id'], message: 'Resource does not exist' }] };
    for (const { publicationId } of input) {
      const publication = idIn(publicationId, 'Publication');
      item.publications = item.publications.filter((each) => each !== publication);
      if (to) item.publications.push(publication);
    }
    item.updatedAt = now();
    return { userErrors: [] };
  };
  return {
    articleCreate: ({ article }: { article: Input }) => create('article', article),
    articleUpdate: ({ id, article }: { id: string; article: Input }) => update('article', id, article),
    pageCreate: ({ page }: { page: Input }) => create('page', page),
    pageUpdate: ({ id, page }: { id: string; page: Input }) => update('page', id, page),
    productCreate: ({ product, media }: { product: Input; media?: { originalSource: string }[] }) =>
      create('product', product, media),
    productUpdate: ({ product, media }: { product: Input; media?: { originalSource: string }[] }) =>
      update('product', product.id, product, media),
    collectionCreate: ({ collection }: { collection: Input }) => create('collection', collection),
    collectionUpdate: ({ collection }: { collection: Input }) =>
      update('collection', collection.id, collection),
    publishablePublish: ({ id, input }: { id: string; input: { publicationId?: string }[] }) =>
      publish(id, input, true),
    publishableUnpublish: ({ id, input }: { id: string; input: { publicationId?: string }[] }) =>
      publish(id, input, false),
  };
}

/** The errors that Shopify would return for an input. Empty when the input is valid. */
function wrong(state: SimulatedState, kind: Kind, input: Input, item: SimulatedItem | null): UserError[] {
  return [
    ...wrongTexts(state, kind, input, item),
    ...wrongMetafields(input),
    ...wrongMemberships(state, input),
  ].map(({ field, message, code }) => ({ field: [kind, field], message, code }));
}

interface FieldError {
  field: string;
  message: string;
  code: string;
}

function wrongTexts(
  state: SimulatedState,
  kind: Kind,
  input: Input,
  item: SimulatedItem | null,
): FieldError[] {
  const errors: FieldError[] = [];
  const add = (field: string, message: string, code: string) => errors.push({ field, message, code });
  if (input.title === '' || (item === null && input.title === undefined))
    add('title', "Title can't be blank", 'BLANK');
  if ((input.title?.length ?? 0) > LONGEST_TITLE)
    add('title', `Title is too long (maximum is ${LONGEST_TITLE} characters)`, 'TOO_LONG');
  const blog = input.blogId === undefined ? (item?.blog ?? 0) : idIn(input.blogId, 'Blog');
  if (kind === 'article' && !state.blogs.some(({ id }) => id === blog))
    add('blogId', 'Must reference an existing blog', item === null ? 'BLOG_REFERENCE_REQUIRED' : 'NOT_FOUND');
  // Shopify checks this for products since 2025-01:
  // https://shopify.dev/changelog/new-validation-against-duplicate-handles-in-productcreate-productupdate-and-productset-mutation-inputs
  if (input.handle !== undefined && isTaken(state, kind, input.handle, blog, item?.id))
    add('handle', `Handle '${input.handle}' has already been taken`, 'TAKEN');
  return errors;
}

function wrongMetafields({ metafields = [] }: Input): FieldError[] {
  return metafields
    .filter(({ type, value }) => type === 'number_integer' && !/^-?\d+$/.test(value ?? ''))
    .map(() => ({ field: 'metafields', message: 'Value must be an integer.', code: 'INVALID_VALUE' }));
}

function wrongMemberships(state: SimulatedState, input: Input): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['collectionsToJoin', 'collectionsToLeave'] as const) {
    for (const id of input[field] ?? []) {
      const collection = state.items.find(
        (each) => each.kind === 'collection' && each.id === idIn(id, 'Collection'),
      );
      if (collection === undefined)
        errors.push({ field, message: 'Collection does not exist', code: 'NOT_FOUND' });
      else if (collection.byRule)
        errors.push({ field, message: "Can't manually change a smart collection", code: 'INVALID' });
    }
  }
  return errors;
}

function apply(item: SimulatedItem, input: Input, media: { originalSource: string }[], now: string): void {
  const { title, handle, summary, tags, status, productType, vendor, sortOrder, templateSuffix } = input;
  const given = { title, handle, summary, tags, status, productType, vendor, sortOrder, templateSuffix };
  Object.assign(item, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
  item.body = input.body ?? input.descriptionHtml ?? item.body;
  item.author = input.author?.name ?? item.author;
  if (input.blogId !== undefined) item.blog = idIn(input.blogId, 'Blog');
  if (input.seo !== undefined) item.seo = { ...item.seo, ...input.seo };
  if (input.isPublished !== undefined) {
    item.isPublished = input.isPublished;
    item.publishedAt = input.isPublished ? now : (input.publishDate ?? null);
  }
  const source = input.image?.url ?? input.image?.src ?? media[0]?.originalSource;
  // Shopify copies the picture and serves it from its own address.
  if (source !== undefined)
    item.imageUrl = `https://cdn.shopify.com/s/files/1/${item.id}/${encodeURIComponent(source.split('/').at(-1) ?? '')}?v=1`;
  for (const { namespace, key, type, value } of input.metafields ?? [])
    item.metafields.set(`${namespace ?? ''}.${key ?? ''}`, { type: type ?? '', value: value ?? '' });
  const left = (input.collectionsToLeave ?? []).map((id) => idIn(id, 'Collection'));
  const joined = (input.collectionsToJoin ?? []).map((id) => idIn(id, 'Collection'));
  item.collections = [...new Set([...item.collections.filter((id) => !left.includes(id)), ...joined])];
  item.updatedAt = now;
}
