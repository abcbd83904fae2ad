<?php
/**
 * The table of links by content key.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A key is never reused, so a row links a content to its post forever.
 */
final class Sitebridge_Item_Links_Table extends Sitebridge_Links_Table {

	const TABLE          = 'sitebridge_links';
	const VERSION_OPTION = 'sitebridge_connector_links_version';
	const VERSION        = '1';
	const COLUMN         = 'content_key';
	const TYPE           = 'char(36)';
}
