-- The terms by which a content is found: `SITE:TAXONOMY:SLUG`, with a key for each part of a path of slugs.
CREATE FUNCTION "content_term_keys"("site_id" INTEGER, "terms" JSONB) RETURNS TEXT[]
LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg("site_id" || ':' || (term ->> 'taxonomy') || ':' || part), '{}')
  FROM jsonb_array_elements(CASE jsonb_typeof("terms") WHEN 'array' THEN "terms" ELSE '[]' END) AS term,
    unnest(string_to_array(term ->> 'slug', '/')) AS part
$$;
CREATE INDEX "content_terms" ON "content" USING GIN ("content_term_keys"("site_id", "terms"));

-- Existing terms were never told by a message and exist: null and false.
ALTER TABLE "site_term" ADD COLUMN "told_at" TIMESTAMPTZ(3), ADD COLUMN "deleted" BOOLEAN NOT NULL DEFAULT false;

-- Existing integrations know nothing of their sites yet: null.
ALTER TABLE "site_integration" ADD COLUMN "site_facts" JSONB;
