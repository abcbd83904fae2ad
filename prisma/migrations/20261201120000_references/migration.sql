-- What the site showed at the last look of what its items refer to. Nothing is known at first.
ALTER TABLE "site_integration" ADD COLUMN "site_references" JSONB;

-- The authors and pictures of a site's items, each once, and the contents that refer to one of them.
CREATE INDEX "content_author_idx" ON "content" ("site_id", "platform", ("metadata" ->> 'author'), "id")
  WHERE "metadata" ->> 'author' IS NOT NULL;
CREATE INDEX "content_featured_media_idx" ON "content" ("site_id", "platform", ("metadata" ->> 'featured_media'), "id")
  WHERE "metadata" ->> 'featured_media' IS NOT NULL;
