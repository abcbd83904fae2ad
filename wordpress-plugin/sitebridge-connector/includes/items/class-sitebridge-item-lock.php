<?php
/**
 * One writer of a content at a time.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lock of the database, which frees it the moment that PHP ends, however it ends: nothing is left behind
 * that would make the next one wait. Where the database is a cluster that answers from several servers, it
 * may let two in; then the unique keys of Sitebridge_Item_Links still let only one post through.
 */
final class Sitebridge_Item_Lock {

	/**
	 * Seconds to wait for another writer.
	 */
	const PATIENCE = 10;

	/**
	 * Takes the lock.
	 *
	 * @param int $content_id The content.
	 * @return bool False when another writer has it for long. True also where the database has no locks.
	 */
	public static function acquire( $content_id ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress has no function for it.
		return '0' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', self::name( $content_id ), self::PATIENCE ) );
	}

	/**
	 * Gives the lock back.
	 *
	 * @param int $content_id The content.
	 */
	public static function release( $content_id ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$wpdb->query( $wpdb->prepare( 'DO RELEASE_LOCK(%s)', self::name( $content_id ) ) );
	}

	/**
	 * The lock's name, which is one for the whole database server and at most 64 characters long.
	 *
	 * @param int $content_id The content.
	 * @return string
	 */
	private static function name( $content_id ) {
		return 'sitebridge_' . md5( DB_NAME . ' ' . Sitebridge_Item_Links_Table::name() . ' ' . $content_id );
	}
}
