-- The page builder that shows an item, and since when the push of a content waits for a person who edits its item.
-- Both are unknown of existing contents: the builder is stored when the item is next read, and no push waits yet.
ALTER TABLE "content" ADD COLUMN "built_with" TEXT, ADD COLUMN "waits_since" TIMESTAMPTZ(3);
