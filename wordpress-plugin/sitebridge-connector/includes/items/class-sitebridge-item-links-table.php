<?php
/**
 * The table of links by the keys of contents.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Keys are never used again, so that a row says for ever which post a content is.
 */
final class Sitebridge_Item_Links_Table extends Sitebridge_Links_Table {

	const TABLE          = 'sitebridge_links';
	const VERSION_OPTION = 'sitebridge_connector_links_version';
	const VERSION        = '1';
	const COLUMN         = 'content_key';
	const TYPE           = 'char(36)';
}
