<?php
/**
 * Links between posts and the server's contents, by content key.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A link is valid only for the server that created it. Links of another server are history, and decide
 * nothing.
 */
final class Sitebridge_Item_Link extends Sitebridge_Link {

	/**
	 * The key of a post's content, for a message about the post. A database failure gives '': it must not
	 * disturb the person who edits the post.
	 *
	 * @param WP_Post $post The post.
	 * @return string '' when the post is not linked to a content of the current server.
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
	 * The content keys of posts.
	 *
	 * @param WP_Post[] $posts The posts by their ids.
	 * @return string[] Keys by post id; posts without a content are left out.
	 * @throws RuntimeException When the database fails.
	 */
	public static function keys( array $posts ) {
		global $wpdb;

		if ( array() === $posts || '' === self::server() ) {
			return array();
		}
		$table = self::table_name();
		$ids   = implode( ',', array_map( 'intval', array_keys( $posts ) ) );
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; the ids are cast to integers.
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
	 * Deletes the links of a permanently deleted post from both tables.
	 *
	 * @param int $post_id The post.
	 */
	public static function forget_post( $post_id ) {
		global $wpdb;

		foreach ( array( 'Sitebridge_Item_Links_Table', 'Sitebridge_Number_Links_Table' ) as $table ) {
			if ( $table::is_current() ) {
				// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- our own table.
				$wpdb->delete( $table::name(), compact( 'post_id' ), '%d' );
			}
		}
	}

	/**
	 * Recreates the rows of posts whose guids name contents of the current server, if the table was emptied.
	 */
	public static function restore() {
		global $wpdb;

		$table = self::table_name();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table.
		if ( '' === self::server() || array() !== self::rows( $wpdb->prepare( "SELECT server FROM {$table} WHERE server = %s LIMIT 1", self::server() ) ) ) {
			return;
		}
		$prefix = 'urn:sitebridge:' . self::server() . ':';
		// If two posts have the same guid, the older post is the content, and the newer post is a copy.
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see above.
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (server, content_key, post_id) SELECT %s, SUBSTRING(guid, %d), ID FROM {$wpdb->posts} WHERE guid LIKE %s AND post_status NOT IN ('auto-draft', 'inherit') ORDER BY ID", self::server(), strlen( $prefix ) + 1, $wpdb->esc_like( $prefix ) . '%' ) );
	}

	/**
	 * Another content that the post is linked to.
	 *
	 * @param WP_Post $post The post.
	 * @return string The other content's key; '' when there is none.
	 */
	public function other_owner( WP_Post $post ) {
		$keys = self::keys( array( $post->ID => $post ) );
		$key  = isset( $keys[ $post->ID ] ) ? $keys[ $post->ID ] : '';

		return $key === $this->name ? '' : $key;
	}

	/**
	 * The fields of an item that identify its content.
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
	 * The refusal of a write whose content and post are not linked to each other.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The key of the other content that it is linked to, or ''.
	 * @param int        $other_id The other post that the content is linked to, or 0.
	 * @param array|null $item     The post that the server names, as it is now.
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
	 * The content key of the current server in a post's guid.
	 *
	 * @param WP_Post $post The post.
	 * @return string '' when the guid has no such key.
	 */
	private static function key_in_guid( WP_Post $post ) {
		$prefix = 'urn:sitebridge:' . self::server() . ':';
		$key    = 0 === strpos( $post->guid, $prefix ) ? substr( $post->guid, strlen( $prefix ) ) : '';

		return Sitebridge_Server::is_uuid( $key ) ? $key : '';
	}

	/**
	 * Recreates the row of a post that only has the guid, unless the content is linked to another post.
	 *
	 * @param string  $key  The key in the post's guid.
	 * @param WP_Post $post The post.
	 * @return bool Whether the post is linked to the content.
	 */
	private static function heal( $key, WP_Post $post ) {
		$link  = new self( $key );
		$known = $link->find();
		if ( null !== $known ) {
			// A row without a post id: the post is being created, or PHP ended before the id was stored.
			return 0 === $known['post_id'] || $known['post_id'] === $post->ID;
		}
		// A plugin that copies posts may copy guids too. The older post is the content.
		return $link->find_by_guid( $post->post_type ) === $post->ID && $link->adopt( $post->ID );
	}

	/**
	 * The server whose links count.
	 *
	 * @return string 16 hex digits.
	 */
	protected static function server() {
		return Sitebridge_Server::current();
	}

	/**
	 * Runs a query on the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	protected static function rows( $sql ) {
		return Sitebridge_Item_Links_Table::rows( $sql );
	}

	/**
	 * The table's name.
	 *
	 * @return string
	 */
	protected static function table_name() {
		return Sitebridge_Item_Links_Table::name();
	}

	/**
	 * The column of the content key.
	 *
	 * @return string
	 */
	protected static function column() {
		return Sitebridge_Item_Links_Table::COLUMN;
	}
}
