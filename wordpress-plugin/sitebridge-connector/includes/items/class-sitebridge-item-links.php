<?php
/**
 * Which post is which content of the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table of its own, because no two posts may ever stand for one content: its keys are unique, those of
 * post meta are not. A row is written before its post is made, so that after a crash in between it is known
 * that there may be a post; that post bears a guid that only it has.
 *
 * Numbers of contents are those of one site on one server: after connecting to another, others count.
 */
final class Sitebridge_Item_Links {

	/**
	 * What is known of a content.
	 *
	 * @param int $content_id The server's number of it.
	 * @return array|null `post_id` (0 before the post was made), `seal` (which write was the last) and
	 *                    `sealed_hash` (the post's hash after it). Null for a content that never was here.
	 */
	public static function find( $content_id ) {
		global $wpdb;

		$table = Sitebridge_Item_Links_Table::name();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose name is no input.
		$rows = Sitebridge_Item_Links_Table::rows( $wpdb->prepare( "SELECT post_id, seal, sealed_hash FROM {$table} WHERE server = %s AND content_id = %d", self::server(), $content_id ) );

		return array() === $rows ? null : array( 'post_id' => (int) $rows[0]->post_id ) + (array) $rows[0];
	}

	/**
	 * Claims a content for a post that is about to be made.
	 *
	 * @param int $content_id The server's number of it.
	 * @return bool|null True for one that never was here; false when there may be a post of an earlier
	 *                   attempt; null when it cannot be stored.
	 */
	public static function claim( $content_id ) {
		global $wpdb;

		$table = Sitebridge_Item_Links_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		$rows = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (server, content_id) VALUES (%s, %d)", self::server(), $content_id ) );

		return false === $rows ? null : 1 === $rows;
	}

	/**
	 * Notes which post was made for a claimed content, and by which write.
	 *
	 * @param int    $content_id  The server's number of it.
	 * @param int    $post_id     The post.
	 * @param string $seal        Which write it was: 32 hex digits.
	 * @param string $sealed_hash The post's hash after it.
	 * @return bool False when another post is noted already.
	 */
	public static function complete( $content_id, $post_id, $seal, $sealed_hash ) {
		global $wpdb;

		$table = Sitebridge_Item_Links_Table::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET post_id = %d, seal = %s, sealed_hash = %s WHERE server = %s AND content_id = %d AND post_id IS NULL", $post_id, $seal, $sealed_hash, self::server(), $content_id ) );
	}

	/**
	 * Makes a post that is there a content's, whatever either was before: the server decides.
	 *
	 * @param int $content_id The server's number of it.
	 * @param int $post_id    The post.
	 */
	public static function adopt( $content_id, $post_id ) {
		global $wpdb;

		$server = self::server();
		// REPLACE removes the rows of both.
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->replace( Sitebridge_Item_Links_Table::name(), compact( 'server', 'content_id', 'post_id' ) );
	}

	/**
	 * Notes the last write of a content.
	 *
	 * @param int    $content_id  The server's number of it.
	 * @param string $seal        Which write it was: 32 hex digits.
	 * @param string $sealed_hash The post's hash after it.
	 */
	public static function seal( $content_id, $seal, $sealed_hash ) {
		global $wpdb;

		$server = self::server();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->update( Sitebridge_Item_Links_Table::name(), compact( 'seal', 'sealed_hash' ), compact( 'server', 'content_id' ) );
	}

	/**
	 * The content that a post is, for a message about it: nothing that goes wrong may get in the way of whoever
	 * edits the post.
	 *
	 * @param int $post_id The post.
	 * @return int The server's number of it; 0 when it has none.
	 */
	public static function content_id( $post_id ) {
		try {
			$found = Sitebridge_Item_Links_Table::is_current() ? self::content_ids( array( $post_id ) ) : array();
		} catch ( RuntimeException $error ) {
			return 0;
		}

		return isset( $found[ $post_id ] ) ? $found[ $post_id ] : 0;
	}

	/**
	 * The contents that some posts are.
	 *
	 * @param int[] $post_ids The posts.
	 * @return int[] The server's numbers by post, of those that are any.
	 * @throws RuntimeException When the database fails.
	 */
	public static function content_ids( array $post_ids ) {
		global $wpdb;

		if ( array() === $post_ids ) {
			return array();
		}
		$table = Sitebridge_Item_Links_Table::name();
		$ids   = implode( ',', array_map( 'intval', $post_ids ) );
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find(); the ids are cast.
		$rows = Sitebridge_Item_Links_Table::rows( $wpdb->prepare( "SELECT post_id, content_id FROM {$table} WHERE server = %s AND post_id IN ({$ids})", self::server() ) );

		return array_map( 'intval', wp_list_pluck( $rows, 'content_id', 'post_id' ) );
	}

	/**
	 * Forgets a post that was deleted for good.
	 *
	 * @param int $post_id The post.
	 */
	public static function forget( $post_id ) {
		global $wpdb;

		if ( Sitebridge_Item_Links_Table::is_current() ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
			$wpdb->delete( Sitebridge_Item_Links_Table::name(), compact( 'post_id' ), '%d' );
		}
	}

	/**
	 * The guid of the post that is made for a content: by it the post is found when PHP ended before the
	 * post was noted in the table.
	 *
	 * @param int $content_id The server's number of it.
	 * @return string
	 */
	public static function guid( $content_id ) {
		return 'urn:sitebridge:' . self::server() . ':' . $content_id;
	}

	/**
	 * The post with a content's guid. Looks through all posts of the type, as guids have no index.
	 *
	 * @param int    $content_id The server's number of it.
	 * @param string $post_type  The post type.
	 * @return int 0 when there is none.
	 */
	public static function find_by_guid( $content_id, $post_type ) {
		global $wpdb;

		$found = Sitebridge_Item_Query::numbers( $wpdb->prepare( "SELECT ID AS n FROM {$wpdb->posts} WHERE post_type = %s AND guid = %s ORDER BY ID LIMIT 1", $post_type, self::guid( $content_id ) ) );

		return array() === $found ? 0 : $found[0];
	}

	/**
	 * Whose numbers count.
	 *
	 * @return string 16 hex digits.
	 */
	private static function server() {
		$stored = ( new Sitebridge_Settings() )->all();

		return substr( hash( 'sha256', $stored['server_url'] . ' ' . $stored['site_id'] ), 0, 16 );
	}
}
