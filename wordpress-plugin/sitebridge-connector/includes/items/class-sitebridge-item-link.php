<?php
/**
 * Which posts are which contents of the server, by their keys.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Links hold for the server that made them: those of another are history, and decide nothing.
 */
final class Sitebridge_Item_Link extends Sitebridge_Link {

	/**
	 * The key of the content that a post is, for a message about it: nothing that goes wrong may get in the way of
	 * whoever edits the post.
	 *
	 * @param WP_Post $post The post.
	 * @return string '' when the post is no content of the current server.
	 */
	public static function key( WP_Post $post ) {
		try {
			$found = Sitebridge_Item_Links_Table::is_current() ? self::keys( array( $post->ID => $post ) ) : array();
		} catch ( RuntimeException $error ) {
			return '';
		}

		return isset( $found[ $post->ID ] ) ? $found[ $post->ID ] : '';
	}

	/**
	 * The keys of the contents that some posts are.
	 *
	 * @param WP_Post[] $posts The posts by their ids.
	 * @return string[] Keys by post, of those that are any.
	 * @throws RuntimeException When the database fails.
	 */
	public static function keys( array $posts ) {
		global $wpdb;

		if ( array() === $posts || '' === self::server() ) {
			return array();
		}
		$table = self::table_name();
		$ids   = implode( ',', array_map( 'intval', array_keys( $posts ) ) );
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own; the ids are cast.
		$found = wp_list_pluck( self::rows( $wpdb->prepare( "SELECT post_id, content_key FROM {$table} WHERE server = %s AND post_id IN ({$ids})", self::server() ) ), 'content_key', 'post_id' );
		foreach ( array_diff_key( $posts, $found ) as $id => $post ) {
			$key = self::key_in_guid( $post );
			if ( '' !== $key && self::heal( $key, $post ) ) {
				$found[ $id ] = $key;
			}
		}

		return $found;
	}

	/**
	 * Forgets a post that was deleted for good, in every table.
	 *
	 * @param int $post_id The post.
	 */
	public static function forget_post( $post_id ) {
		global $wpdb;

		foreach ( array( 'Sitebridge_Item_Links_Table', 'Sitebridge_Number_Links_Table' ) as $table ) {
			if ( $table::is_current() ) {
				// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a table of our own.
				$wpdb->delete( $table::name(), compact( 'post_id' ), '%d' );
			}
		}
	}

	/**
	 * Makes the rows of posts whose guids name contents of the current server, where the table was emptied.
	 */
	public static function restore() {
		global $wpdb;

		$table = self::table_name();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own.
		if ( '' === self::server() || array() !== self::rows( $wpdb->prepare( "SELECT server FROM {$table} WHERE server = %s LIMIT 1", self::server() ) ) ) {
			return;
		}
		$prefix = 'urn:sitebridge:' . self::server() . ':';
		// Of two posts with one guid the older is the content; the copy of it is new.
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see above.
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (server, content_key, post_id) SELECT %s, SUBSTRING(guid, %d), ID FROM {$wpdb->posts} WHERE guid LIKE %s AND post_status NOT IN ('auto-draft', 'inherit') ORDER BY ID", self::server(), strlen( $prefix ) + 1, $wpdb->esc_like( $prefix ) . '%' ) );
	}

	/**
	 * The other content that a post is.
	 *
	 * @param WP_Post $post The post.
	 * @return string Its key; '' when the post is no other content's.
	 */
	public function other_owner( WP_Post $post ) {
		$keys = self::keys( array( $post->ID => $post ) );
		$key  = isset( $keys[ $post->ID ] ) ? $keys[ $post->ID ] : '';

		return $key === $this->name ? '' : $key;
	}

	/**
	 * What an item shows of the content that it is.
	 *
	 * @return array
	 */
	public function shown() {
		return array(
			'content_key' => $this->name,
			'content_id'  => null,
		);
	}

	/**
	 * The refusal of a write whose content and post do not belong together.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The key that it bears, or ''.
	 * @param int        $other_id The other post that the content is, or 0.
	 * @param array|null $item     The post that the server names, as it is.
	 * @return WP_Error
	 */
	public function mismatch( $post_id, $owner, $other_id, $item ) {
		return new WP_Error(
			'sitebridge_link_mismatch',
			__( 'The post is another content of the server, or the content is another post.', 'sitebridge-connector' ),
			array(
				'status'        => 409,
				'post_id'       => $post_id,
				'key'           => '' === $owner ? null : $owner,
				'other_post_id' => $other_id > 0 && $other_id !== $post_id ? $other_id : null,
				'item'          => $item,
			)
		);
	}

	/**
	 * The key that a post's guid names, of the current server.
	 *
	 * @param WP_Post $post The post.
	 * @return string '' when it names none.
	 */
	private static function key_in_guid( WP_Post $post ) {
		$prefix = 'urn:sitebridge:' . self::server() . ':';
		$key    = 0 === strpos( $post->guid, $prefix ) ? substr( $post->guid, strlen( $prefix ) ) : '';

		return Sitebridge_Server::is_uuid( $key ) ? $key : '';
	}

	/**
	 * Makes the row of a post that only its guid names, unless the content is another post.
	 *
	 * @param string  $key  The key in its guid.
	 * @param WP_Post $post The post.
	 * @return bool Whether the post is the content.
	 */
	private static function heal( $key, WP_Post $post ) {
		$link  = new self( $key );
		$known = $link->find();
		if ( null !== $known ) {
			// Without a post noted it is being made, or PHP ended in between.
			return 0 === $known['post_id'] || $known['post_id'] === $post->ID;
		}
		// A plugin that copies posts may copy guids: the older post is the content.
		return $link->find_by_guid( $post->post_type ) === $post->ID && $link->adopt( $post->ID );
	}

	/**
	 * Whose keys count.
	 *
	 * @return string 16 hex digits.
	 */
	protected static function server() {
		return Sitebridge_Server::current();
	}

	/**
	 * Asks the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	protected static function rows( $sql ) {
		return Sitebridge_Item_Links_Table::rows( $sql );
	}

	/**
	 * The table.
	 *
	 * @return string
	 */
	protected static function table_name() {
		return Sitebridge_Item_Links_Table::name();
	}

	/**
	 * The column of the name.
	 *
	 * @return string
	 */
	protected static function column() {
		return Sitebridge_Item_Links_Table::COLUMN;
	}
}
