<?php
/**
 * Writes contents of the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Creates or updates the one post that is a content of the server, if it is still what the server expects.
 */
final class Sitebridge_Item_Writer {

	/**
	 * Marks the changes as the server's.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * Reads and writes meta.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Makes the hashes.
	 *
	 * @var Sitebridge_Item_Hash
	 */
	private $hashes;

	/**
	 * Reads what was written.
	 *
	 * @var Sitebridge_Item_Reader
	 */
	private $reader;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Request_Gate $gate   Marks the changes as the server's.
	 * @param Sitebridge_Item_Fields  $fields Reads and writes meta.
	 * @param Sitebridge_Item_Hash    $hashes Makes the hashes.
	 * @param Sitebridge_Item_Reader  $reader Reads what was written.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Item_Fields $fields, Sitebridge_Item_Hash $hashes, Sitebridge_Item_Reader $reader ) {
		$this->gate   = $gate;
		$this->fields = $fields;
		$this->hashes = $hashes;
		$this->reader = $reader;
	}

	/**
	 * Writes a content.
	 *
	 * @param int   $content_id The server's number of it.
	 * @param array $input      `type`, `op_id`, and what else the route takes; what is absent stays as it is.
	 * @return array|WP_Error `created`, `item`, `notes`.
	 * @throws RuntimeException When the database fails.
	 */
	public function write( $content_id, array $input ) {
		if ( ! Sitebridge_Item_Lock::acquire( $content_id ) ) {
			return self::busy();
		}
		try {
			return $this->gate->within_operation(
				$input['op_id'],
				function () use ( $content_id, $input ) {
					return $this->write_locked( $content_id, $input );
				}
			);
		} finally {
			Sitebridge_Item_Lock::release( $content_id );
		}
	}

	/**
	 * Writes a content that nobody else writes.
	 *
	 * @param int   $content_id The server's number of it.
	 * @param array $input      See write().
	 * @return array|WP_Error
	 */
	private function write_locked( $content_id, array $input ) {
		$link  = Sitebridge_Item_Links::find( $content_id );
		$named = isset( $input['id'] );
		$post  = self::target( $content_id, $input, $link );
		$hash  = null;
		if ( null !== $post ) {
			if ( ! current_user_can( 'edit_post', $post->ID ) ) {
				return new WP_Error( 'rest_cannot_edit', __( 'The user that requests act as may not edit this post.', 'sitebridge-connector' ), array( 'status' => 403 ) );
			}
			$hashes = $this->hashes->of( $post->post_type, array( $post->ID ) );
			$hash   = isset( $hashes[ $post->ID ] ) ? $hashes[ $post->ID ] : null;
		}
		$seal = md5( (string) wp_json_encode( $input ) );
		if ( null !== $hash && null !== $link && $link['post_id'] === $post->ID && $link['seal'] === $seal && $link['sealed_hash'] === $hash ) {
			// The same write again, as its answer was lost: it is done.
			return self::answer( false, $this->reader->one( $post ), array() );
		}
		$expected = isset( $input['expected_hash'] ) ? $input['expected_hash'] : null;
		// Made by an earlier try whose answer was lost, and edited by someone else since; one in the trash is wanted back.
		$edited = null !== $post && 'trash' !== $post->post_status && ! $named && null === $expected && null !== $link && '' !== $link['sealed_hash'] && $link['sealed_hash'] !== $hash;
		if ( $edited || ( null === $post && ( $named || null !== $expected ) ) || ( null !== $expected && ( $expected !== $hash || 'trash' === $post->post_status ) ) ) {
			return new WP_Error(
				'sitebridge_conflict',
				__( 'The content is not any more what the server expects.', 'sitebridge-connector' ),
				array(
					'status' => 409,
					'item'   => null === $post ? null : $this->reader->one( $post ),
				)
			);
		}
		$save = null === $post ? $this->create( $content_id, $input, $link ) : $this->update( $content_id, $input, $post, $link );
		if ( is_wp_error( $save ) ) {
			return $save;
		}
		$item = $this->reader->one( $save->post() );
		if ( null === $item ) {
			return new WP_Error( 'rest_cannot_edit', __( 'The post was saved, and may not be edited by the user that requests act as.', 'sitebridge-connector' ), array( 'status' => 403 ) );
		}
		if ( null !== $post ) {
			Sitebridge_Item_Links::seal( $content_id, $seal, $item['hash'] );
		} elseif ( ! Sitebridge_Item_Links::complete( $content_id, $item['id'], $seal, $item['hash'] ) ) {
			// The lock let two in: the other one's post stays.
			wp_delete_post( $item['id'], true );
			return self::busy();
		}

		// A new post was read before it was noted.
		return self::answer( null === $post, array_merge( $item, compact( 'content_id' ) ), $save->notes() );
	}

	/**
	 * The post that is to be updated.
	 *
	 * @param int        $content_id The server's number of it.
	 * @param array      $input      See write().
	 * @param array|null $link       What is known of it here.
	 * @return WP_Post|null Null when there is none.
	 */
	private static function target( $content_id, array $input, $link ) {
		if ( isset( $input['id'] ) ) {
			return self::post( $input['id'], $input['type'] );
		}
		if ( null === $link ) {
			return null;
		}

		// Without a post noted, PHP may have ended, or a plugin failed, between the making of the post and the note of it.
		return self::post( $link['post_id'] > 0 ? $link['post_id'] : Sitebridge_Item_Links::find_by_guid( $content_id, $input['type'] ), $input['type'] );
	}

	/**
	 * A post that is a content of a type.
	 *
	 * @param int    $id        Its id, or 0.
	 * @param string $post_type The post type.
	 * @return WP_Post|null
	 */
	private static function post( $id, $post_type ) {
		$post = $id > 0 ? get_post( $id ) : null;

		return $post instanceof WP_Post && $post->post_type === $post_type && ! in_array( $post->post_status, array( 'auto-draft', 'inherit' ), true ) ? $post : null;
	}

	/**
	 * Makes the post.
	 *
	 * @param int        $content_id The server's number of it.
	 * @param array      $input      See write().
	 * @param array|null $link       What is known of it here.
	 * @return Sitebridge_Item_Save|WP_Error
	 */
	private function create( $content_id, array $input, $link ) {
		if ( null !== $link && $link['post_id'] > 0 ) {
			// Deleted past WordPress, or of another type now.
			Sitebridge_Item_Links::forget( $link['post_id'] );
		}
		$save    = new Sitebridge_Item_Save( $this->fields, $input, null );
		$allowed = $save->check_permission();
		if ( is_wp_error( $allowed ) ) {
			return $allowed;
		}
		if ( null === Sitebridge_Item_Links::claim( $content_id ) ) {
			throw new RuntimeException( 'The number of the content could not be stored.' );
		}
		$done = $save->create( Sitebridge_Item_Links::guid( $content_id ) );

		return is_wp_error( $done ) ? $done : $save;
	}

	/**
	 * Updates a post.
	 *
	 * @param int        $content_id The server's number of it.
	 * @param array      $input      See write().
	 * @param WP_Post    $post       The post.
	 * @param array|null $link       What is known of it here.
	 * @return Sitebridge_Item_Save|WP_Error
	 */
	private function update( $content_id, array $input, WP_Post $post, $link ) {
		$save    = new Sitebridge_Item_Save( $this->fields, $input, $post );
		$allowed = $save->check_permission();
		if ( is_wp_error( $allowed ) ) {
			return $allowed;
		}
		if ( null === $link || $link['post_id'] !== $post->ID ) {
			Sitebridge_Item_Links::adopt( $content_id, $post->ID );
		}
		if ( 'trash' === $post->post_status ) {
			// The server wants it whatever it is now, and there must be no second one beside it.
			wp_untrash_post( $post->ID );
		}
		$done = $save->update();

		return is_wp_error( $done ) ? $done : $save;
	}

	/**
	 * The answer to a write.
	 *
	 * @param bool    $created Whether the post was made.
	 * @param array   $item    The post as it is now.
	 * @param array[] $notes   What could not be done.
	 * @return array
	 */
	private static function answer( $created, $item, array $notes ) {
		return compact( 'created', 'item', 'notes' );
	}

	/**
	 * Another writer has the content.
	 *
	 * @return WP_Error
	 */
	private static function busy() {
		return new WP_Error( 'sitebridge_busy', __( 'This content is being written by another request. Try again.', 'sitebridge-connector' ), array( 'status' => 503 ) );
	}
}
