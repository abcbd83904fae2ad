-- Items are compared a slice at a time. Existing rows were last compared by their full reading, and are in no round.
-- What their links begin with is not known yet, so it is noted by the next sync.
ALTER TABLE "type_sync" ADD COLUMN "compared_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN "round" JSONB,
    ADD COLUMN "link_base" TEXT,
    ADD COLUMN "links_read_at" TIMESTAMPTZ(3);
UPDATE "type_sync" SET "compared_at" = "fully_read_at";
