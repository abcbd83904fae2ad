-- Fields of a content whose value on the site could not be read. No content has any at first.
ALTER TABLE "content" ADD COLUMN "unread_fields" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
