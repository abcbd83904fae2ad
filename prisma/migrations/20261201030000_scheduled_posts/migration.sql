-- The contents that a site is to publish later, in its own word: the site publishes them without a new date.
CREATE INDEX "content_scheduled" ON "content" ("site_id", "content_type") WHERE "external_status" = 'future';
